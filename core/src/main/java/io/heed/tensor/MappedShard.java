package io.heed.tensor;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * One mapped safetensors file. The mapping ends when the last reference to it is gone.
 *
 * @param data the part behind the header
 */
record MappedShard(Path file, SafetensorsHeader header, MemorySegment data) {
    private static final long MAX_HEADER_BYTES = 100_000_000;
    private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    static MappedShard open(Path file) throws SafetensorsException {
        if (!Files.exists(file)) {
            throw new SafetensorsException(file, "no such file");
        }
        if (!Files.isRegularFile(file)) {
            throw new SafetensorsException(file, "is not a file");
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size < Long.BYTES) {
                throw new SafetensorsException(file, "is truncated: " + size + " bytes, too few for a header");
            }
            MemorySegment whole = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, Arena.ofAuto());
            long headerBytes = whole.get(LENGTH, 0);
            if (headerBytes < 0 || headerBytes > MAX_HEADER_BYTES) {
                throw new SafetensorsException(file, "states a header of " + Long.toUnsignedString(headerBytes)
                        + " bytes, more than the " + MAX_HEADER_BYTES + " allowed: not a safetensors file?");
            }
            if (headerBytes > size - Long.BYTES) {
                throw new SafetensorsException(file, "states a header of " + headerBytes + " bytes, but only "
                        + (size - Long.BYTES) + " follow: it is truncated");
            }
            byte[] json = whole.asSlice(Long.BYTES, headerBytes).toArray(ValueLayout.JAVA_BYTE);
            MemorySegment data = plain(whole.asSlice(Long.BYTES + headerBytes));
            return new MappedShard(file, SafetensorsHeader.parse(file, json, data.byteSize()), data);
        } catch (SafetensorsException e) {
            throw e;
        } catch (IOException | InternalError e) {
            throw new SafetensorsException(file, "cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * The same memory as a segment of the class that allocated memory has: vector loads that meet one class only
     * compile to twice the speed. It keeps the mapping alive.
     */
    @SuppressWarnings("restricted")
    private static MemorySegment plain(MemorySegment mapped) {
        return MemorySegment.ofAddress(mapped.address())
                .reinterpret(mapped.byteSize(), Arena.ofAuto(), _ -> Reference.reachabilityFence(mapped)).asReadOnly();
    }
}
