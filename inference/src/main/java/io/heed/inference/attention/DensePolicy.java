package io.heed.inference.attention;

import io.heed.inference.model.ModelConfig;

/** {@code dense}. */
public final class DensePolicy implements PolicyKind {
    @Override
    public String name() {
        return "dense";
    }

    @Override
    public AttentionPlan apply(AttentionPlan plan, int[] layers, int[] heads, PolicyParameters parameters,
            ModelConfig config) {
        return plan.with(layers, new DenseAttention(), heads);
    }
}
