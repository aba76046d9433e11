package io.heed.inference.attention;

/**
 * The first {@code sinks} and the last {@code window} positions only (StreamingLLM, arXiv 2309.17453): memory and time
 * of a step stay constant. Positions keep the numbers they had.
 */
public final class SlidingAttention implements AttentionPolicy {
    private final int window;
    private final int sinks;

    /**
     * @param window last positions that a query sees, its own included
     * @param sinks  first positions that every query sees
     * @throws IllegalArgumentException when the window is empty or sinks are negative
     */
    public SlidingAttention(int window, int sinks) {
        if (window < 1 || sinks < 0) {
            throw new IllegalArgumentException(
                    "sliding attention needs a window of at least 1 and no negative sinks, got window "
                    + window + ", sinks " + sinks);
        }
        this.window = window;
        this.sinks = sinks;
    }

    @Override
    public void prefill(PromptAttention call, int[] heads) {
        WindowAttention.prefill(call, heads, sinks, window(call.shape()));
    }

    @Override
    public void decode(TokenAttention call, int[] heads) {
        WindowAttention.decode(call, heads, sinks, window(call.shape()));
    }

    /** A layer whose own window is narrower keeps it. */
    private int window(LayerShape shape) {
        return shape.window() == 0 ? window : Math.min(window, shape.window());
    }

    @Override
    public boolean sharesPrefixes() {
        return false; // pages are released, which sharing would keep
    }

    @Override
    public int sinks() {
        return sinks;
    }

    @Override
    public int horizon() {
        return window;
    }

    @Override
    public String toString() {
        return "sliding:window=" + window + ",sinks=" + sinks;
    }
}
