package io.heed.train;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * Records of a TensorBoard event file. A record is a protobuf {@code Event} framed as TFRecord: length (8 bytes, little
 * endian), masked CRC-32C of the length, the event, masked CRC-32C of the event. Of {@code Event} we write wall time
 * (field 1), step (2), file version (3), summary (5) and session log (7); of {@code Summary.Value}, tag (1) and simple
 * value (2).
 */
final class TensorBoardRecords {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;
    private static final int CRC_MASK_DELTA = 0xa282ead8;

    private TensorBoardRecords() { }

    /** The record that every file starts with. */
    static byte[] header(double wallTime) {
        ByteArrayOutputStream event = event(wallTime, 0);
        bytes(event, 3, "brain.Event:2".getBytes(StandardCharsets.UTF_8));
        return frame(event.toByteArray());
    }

    /**
     * Says that the run starts (again) at {@code step}: a reader forgets scalars of this step and later from before.
     */
    static byte[] restart(double wallTime, long step) {
        ByteArrayOutputStream event = event(wallTime, step);
        bytes(event, 7, new byte[] {1 << 3 | VARINT, 1});    // SessionLog.status = START
        return frame(event.toByteArray());
    }

    /** Scalars of one step, by tag. */
    static byte[] scalars(double wallTime, long step, Map<String, Double> values) {
        ByteArrayOutputStream summary = new ByteArrayOutputStream();
        values.forEach((tag, value) -> {
            ByteArrayOutputStream entry = new ByteArrayOutputStream();
            bytes(entry, 1, tag.getBytes(StandardCharsets.UTF_8));
            entry.write(2 << 3 | FIXED32);
            entry.writeBytes(little(Float.BYTES).putFloat(value.floatValue()).array());
            bytes(summary, 1, entry.toByteArray());
        });
        ByteArrayOutputStream event = event(wallTime, step);
        bytes(event, 5, summary.toByteArray());
        return frame(event.toByteArray());
    }

    private static ByteArrayOutputStream event(double wallTime, long step) {
        ByteArrayOutputStream event = new ByteArrayOutputStream();
        event.write(1 << 3 | FIXED64);
        event.writeBytes(little(Double.BYTES).putDouble(wallTime).array());
        event.write(2 << 3 | VARINT);
        varint(event, step);
        return event;
    }

    private static void bytes(ByteArrayOutputStream out, int field, byte[] content) {
        out.write(field << 3 | BYTES);
        varint(out, content.length);
        out.writeBytes(content);
    }

    private static void varint(ByteArrayOutputStream out, long value) {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            out.write((int) (rest & 0x7F | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    private static byte[] frame(byte[] event) {
        byte[] length = little(Long.BYTES).putLong(event.length).array();
        return little(Long.BYTES + Integer.BYTES + event.length + Integer.BYTES)
                .put(length).putInt(maskedChecksum(length)).put(event).putInt(maskedChecksum(event)).array();
    }

    private static int maskedChecksum(byte[] bytes) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes);
        return Integer.rotateRight((int) checksum.getValue(), 15) + CRC_MASK_DELTA;
    }

    private static ByteBuffer little(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
