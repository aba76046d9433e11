package io.heed.inference.attention;

import io.heed.inference.model.ModelConfig;

/** A policy that users can name; found through {@link java.util.ServiceLoader}. */
public interface PolicyKind {
    /** Its name. */
    String name();

    /**
     * Gives it heads of a plan.
     *
     * @param layers     which layers; none for all that it suits
     * @param heads      which heads of them; none for all
     * @param parameters what the user wrote with it
     * @return the changed plan
     * @throws IllegalArgumentException in one line when it cannot be built
     */
    AttentionPlan apply(AttentionPlan plan, int[] layers, int[] heads, PolicyParameters parameters, ModelConfig config);
}
