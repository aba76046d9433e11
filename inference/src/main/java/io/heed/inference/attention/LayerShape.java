package io.heed.inference.attention;

import java.util.stream.IntStream;

/**
 * What is the same in every attention call of a layer.
 *
 * @param layer         0 for the first
 * @param heads         H, query heads
 * @param keyValueHeads G
 * @param width         d, floats a head
 * @param scale         factor on q . k
 * @param window        keys that the model itself lets a query see, its own included; 0 for all
 */
public record LayerShape(int layer, int heads, int keyValueHeads, int width, float scale, int window) {
    /** The cached head of query head {@code head}. */
    public int cached(int head) {
        return head / (heads / keyValueHeads);
    }

    /** All query heads. */
    public int[] all() {
        return IntStream.range(0, heads).toArray();
    }
}
