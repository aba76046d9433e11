package io.heed.kernels;

import java.lang.foreign.MemorySegment;

/**
 * A strided float32 view of shape (batch, heads, rows, width): what every kernel reads and writes. The last dimension
 * is contiguous; the other three have strides of their own, so that a transposed (B, N, H, d) tensor, a slice of a
 * packed projection, or one head broadcast over many (stride 0) needs no copy.
 *
 * @param data        the memory, at least as far as the last element that the strides reach; accessible from any
 *                    thread, so from a shared, automatic or global arena, or a heap array
 * @param batch       B, sequences
 * @param heads       H
 * @param rows        N, positions
 * @param width       d, floats a row
 * @param batchStride floats from one sequence to the next
 * @param headStride  floats from one head to the next
 * @param rowStride   floats from one row to the next
 */
public record Rows(MemorySegment data, int batch, int heads, int rows, int width,
                   long batchStride, long headStride, long rowStride) {

    private static final Thread ANOTHER_THREAD = new Thread();

    /**
     * @throws IllegalArgumentException when a size or stride is negative, the view reaches past the memory, or the
     *                                  memory belongs to one thread
     */
    public Rows {
        checkShared("view", data);
        if (batch < 0 || heads < 0 || rows < 0 || width < 0) {
            throw new IllegalArgumentException("sizes must not be negative, got (" + batch + ", " + heads + ", " + rows
                    + ", " + width + ")");
        }
        if (batchStride < 0 || headStride < 0 || rowStride < 0) {
            throw new IllegalArgumentException("strides must not be negative, got (" + batchStride + ", " + headStride
                    + ", " + rowStride + ")");
        }
        if (batch > 0 && heads > 0 && rows > 0 && width > 0) {
            long reach = Math.addExact(Math.addExact(Math.multiplyExact(batch - 1L, batchStride),
                    Math.multiplyExact(heads - 1L, headStride)),
                    Math.addExact(Math.multiplyExact(rows - 1L, rowStride), width));
            long floats = data.byteSize() / Float.BYTES;
            if (reach > floats) {
                throw new IllegalArgumentException("view reaches float " + reach + ", memory holds " + floats);
            }
        }
    }

    /** A dense view (B, H, N, d) of {@code data}. */
    public static Rows contiguous(MemorySegment data, int batch, int heads, int rows, int width) {
        return new Rows(data, batch, heads, rows, width, (long) heads * rows * width, (long) rows * width, width);
    }

    /** Refuses memory of a confined arena, which the pool's threads cannot read. */
    static void checkShared(String name, MemorySegment data) {
        if (!data.isAccessibleBy(ANOTHER_THREAD)) {
            throw new IllegalArgumentException(name
                    + ": memory is confined to one thread, allocate it in a shared or automatic"
                    + " arena");
        }
    }

    /** Offset, in floats, of the first element of row {@code row} of head {@code head} of sequence {@code b}. */
    public long offset(int b, int head, int row) {
        return b * batchStride + head * headStride + row * rowStride;
    }

    /** Shape as text, for messages. */
    public String shape() {
        return "(" + batch + ", " + heads + ", " + rows + ", " + width + ")";
    }
}
