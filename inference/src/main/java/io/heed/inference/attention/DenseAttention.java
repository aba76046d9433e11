package io.heed.inference.attention;

/** What the model was trained with: all positions, or the model's own window in the layers that have one. */
public final class DenseAttention implements AttentionPolicy {
    @Override
    public void prefill(PromptAttention call, int[] heads) {
        WindowAttention.prefill(call, heads, 0, call.shape().window());
    }

    @Override
    public void decode(TokenAttention call, int[] heads) {
        WindowAttention.decode(call, heads, 0, call.shape().window());
    }

    @Override
    public String toString() {
        return "dense";
    }
}
