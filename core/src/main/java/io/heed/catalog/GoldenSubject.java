package io.heed.catalog;

import java.util.Map;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/**
 * A module ready to be held to a golden case.
 *
 * @param module  takes the case's weights, under their official names; null for a function without weights
 * @param forward from the inputs by name to the outputs by name; outputs that the case does not mention are ignored
 */
public record GoldenSubject(Module module, Forward forward) {
    /** Runs the module. */
    @FunctionalInterface
    public interface Forward {
        Map<String, Tensor> run(Map<String, Tensor> inputs);
    }

    /** A function without weights. */
    public static GoldenSubject of(Forward forward) {
        return new GoldenSubject(null, forward);
    }
}
