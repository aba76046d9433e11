package io.heed.cli.report;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * A small picture of a matrix as a PNG file (W3C PNG specification, third edition): 256 shades of one colour, from
 * wholly transparent to opaque, so that it sits on a light page as well as on a dark one.
 */
final class Png {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    private static final int COLOUR = 0xE0591A;

    private Png() { }

    /** Values from 0 to 1 as a {@code data:} address; the root is shown, so that small weights are seen too. */
    static String address(float[][] values) {
        int height = values.length;
        int width = height == 0 ? 0 : values[0].length;
        byte[] rows = new byte[height * (width + 1)]; // each row begins with its filter, 0
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                rows[y * (width + 1) + 1 + x] = (byte) shade(values[y][x]);
            }
        }
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(SIGNATURE);
        chunk(file, "IHDR", ByteBuffer.allocate(13).putInt(width).putInt(height).put((byte) 8).put((byte) 3)
                .put((byte) 0)
                .put((byte) 0).put((byte) 0).array());
        ByteBuffer palette = ByteBuffer.allocate(3 * 256);
        byte[] opacity = new byte[256];
        for (int i = 0; i < 256; i++) {
            palette.put((byte) (COLOUR >> 16)).put((byte) (COLOUR >> 8)).put((byte) COLOUR);
            opacity[i] = (byte) i;
        }
        chunk(file, "PLTE", palette.array());
        chunk(file, "tRNS", opacity);
        chunk(file, "IDAT", deflated(rows));
        chunk(file, "IEND", new byte[0]);
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(file.toByteArray());
    }

    /** 0 to 255 for a weight from 0 to 1. */
    static int shade(double weight) {
        return weight > 0 ? (int) Math.round(255 * Math.sqrt(Math.min(1, weight))) : 0;
    }

    private static void chunk(ByteArrayOutputStream file, String type, byte[] data) {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 sum = new CRC32();
        sum.update(name);
        sum.update(data);
        file.writeBytes(ByteBuffer.allocate(12 + data.length).putInt(data.length).put(name).put(data)
                .putInt((int) sum.getValue())
                .array());
    }

    private static byte[] deflated(byte[] rows) {
        try (Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION)) {
            deflater.setInput(rows);
            deflater.finish();
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] buffer = new byte[4096];
            while (!deflater.finished()) {
                out.write(buffer, 0, deflater.deflate(buffer));
            }
            return out.toByteArray();
        }
    }
}
