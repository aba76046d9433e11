package io.heed.catalog;

import java.io.IOException;

/** Builds the thing that a golden case checks. */
@FunctionalInterface
public interface GoldenModule {
    /**
     * @param golden the case: its {@link GoldenCase#config config} has every hyperparameter, and its tensors' shapes
     *               the sizes that follow from them
     * @throws IllegalArgumentException when the configuration cannot be built
     */
    GoldenSubject build(GoldenCase golden) throws IOException;
}
