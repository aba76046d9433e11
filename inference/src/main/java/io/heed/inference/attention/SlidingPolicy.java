package io.heed.inference.attention;

import io.heed.inference.model.ModelConfig;

/** {@code sliding:window=N,sinks=N}, by default 1024 and 4. */
public final class SlidingPolicy implements PolicyKind {
    @Override
    public String name() {
        return "sliding";
    }

    @Override
    public AttentionPlan apply(AttentionPlan plan, int[] layers, int[] heads, PolicyParameters parameters,
            ModelConfig config) {
        return plan.with(layers, new SlidingAttention(parameters.integer("window", 1024),
                parameters.integer("sinks", 4)), heads);
    }
}
