package io.heed.inference.attention;

import java.lang.foreign.MemorySegment;

import io.heed.inference.cache.PagePool;
import io.heed.inference.cache.SequenceCache;
import io.heed.kernels.Pages;
import io.heed.kernels.Rows;

/**
 * Attention of consecutive positions of one sequence in one layer: position {@code first} + i sees the positions up to
 * its own.
 *
 * @param shape    of the layer
 * @param pool     where keys and values are
 * @param sequence whose they are, up to {@code first + count}
 * @param first    position of the first query
 * @param count    queries
 * @param queries  (rows, H, d): the queries from row {@code row} on
 * @param outputs  receives (rows, H, d) likewise
 * @param row      of the first query in both
 */
public record PromptAttention(LayerShape shape, PagePool pool, SequenceCache sequence, int first, int count,
        float[] queries,
        float[] outputs, int row) {

    /** Positions in the cache: those before the chunk, and the chunk. */
    public int length() {
        return first + count;
    }

    /**
     * The queries of {@code heads} heads from {@code head} on, of queries {@code from} to {@code to}: (1, heads, to -
     * from, d).
     */
    public Rows q(int head, int heads, int from, int to) {
        return view(queries, head, heads, from, to);
    }

    /** Where their outputs go. */
    public Rows out(int head, int heads, int from, int to) {
        return view(outputs, head, heads, from, to);
    }

    private Rows view(float[] data, int head, int heads, int from, int to) {
        long rowStride = (long) shape.heads() * shape.width();
        long skip = (row + from) * rowStride + (long) head * shape.width();
        return new Rows(MemorySegment.ofArray(data).asSlice(skip * Float.BYTES), 1, heads, to - from, shape.width(), 0,
                shape.width(), rowStride);
    }

    /** A copy of the keys of {@code heads} cached heads from {@code head} on, positions {@code from} to {@code to}. */
    public Rows keys(int head, int heads, int from, int to) {
        return gather(pool.keys(shape.layer(), new int[][] {sequence.table()}), head, heads, from, to);
    }

    /** A copy of their values. */
    public Rows values(int head, int heads, int from, int to) {
        return gather(pool.values(shape.layer(), new int[][] {sequence.table()}), head, heads, from, to);
    }

    private Rows gather(Pages pages, int head, int heads, int from, int to) {
        int floats = (to - from) * shape.width();
        float[] copy = new float[heads * floats];
        for (int h = 0; h < heads; h++) {
            pages.read(0, head + h, from, to, copy, h * floats);
        }
        return Rows.contiguous(MemorySegment.ofArray(copy), 1, heads, to - from, shape.width());
    }
}
