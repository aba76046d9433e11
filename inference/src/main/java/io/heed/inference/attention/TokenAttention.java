package io.heed.inference.attention;

import java.lang.foreign.MemorySegment;
import java.util.List;

import io.heed.inference.cache.PagePool;
import io.heed.inference.cache.SequenceCache;
import io.heed.kernels.Pages;
import io.heed.kernels.Rows;

/**
 * Attention of the newest position of several sequences in one layer; each sees all positions of its own.
 *
 * @param shape     of the layer
 * @param pool      where keys and values are
 * @param sequences whose they are
 * @param queries   (B, H, d)
 * @param outputs   receives (B, H, d)
 */
public record TokenAttention(LayerShape shape, PagePool pool, List<SequenceCache> sequences, float[] queries,
        float[] outputs) {
    /** Positions of each sequence. */
    public int[] lengths() {
        return sequences.stream().mapToInt(SequenceCache::length).toArray();
    }

    /** The queries of {@code heads} heads from {@code head} on: (B, heads, 1, d). */
    public Rows q(int head, int heads) {
        return view(queries, head, heads);
    }

    /** Where their outputs go. */
    public Rows out(int head, int heads) {
        return view(outputs, head, heads);
    }

    private Rows view(float[] data, int head, int heads) {
        long stride = (long) shape.heads() * shape.width();
        return new Rows(MemorySegment.ofArray(data).asSlice((long) head * shape.width() * Float.BYTES),
                sequences.size(), heads,
                1, shape.width(), stride, shape.width(), stride);
    }

    /** The keys of all cached heads. */
    public Pages keys() {
        return pool.keys(shape.layer(), tables());
    }

    /** The values of all cached heads. */
    public Pages values() {
        return pool.values(shape.layer(), tables());
    }

    private int[][] tables() {
        return sequences.stream().map(SequenceCache::table).toArray(int[][]::new);
    }
}
