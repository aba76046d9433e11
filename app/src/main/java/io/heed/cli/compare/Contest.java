package io.heed.cli.compare;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import org.bytedeco.pytorch.Module;

import io.heed.train.RunDirectory;
import io.heed.train.Task;

/**
 * What a comparison or a training needs to know of its models, whatever their family: the task with its data, how each
 * model is built, and what a trained one is asked to show.
 *
 * @param <M> the kind of model
 */
public interface Contest<M extends Module> {
    /** A model that takes part. */
    interface Contestant<M extends Module> {
        /** Builds it with fresh weights from libtorch's default generator. */
        M build();

        /** Writes what it takes, beside the weights, to build it again: {@code model.json}. */
        void describe(RunDirectory run) throws IOException;
    }

    /** The task that every model trains on. */
    Task<M> task();

    /** The contest as the models of {@code seed} see it: the same, unless the seed chooses the split of the data. */
    default Contest<M> ofSeed(long seed) {
        return this;
    }

    /** The data in a few words. */
    String about();

    /** What a training step reads, in the plural: {@code tokens}, {@code nodes}, {@code images}. */
    String unit();

    /** A model for each of the settings' mixers, all of the same size as far as their shapes allow. */
    List<Contestant<M>> contestants();

    /** Further settings as names and values, for the report. */
    Map<String, String> facts();

    /** The task's metric on the test split, which training never sees; NaN where there is no such split. */
    default double test(M model) {
        return Double.NaN;
    }

    /** What models are given to continue; empty where they write no text. */
    default String prompt() {
        return "";
    }

    /** Text that {@code model} writes after the prompt, the same on every call; empty where it writes none. */
    default String sample(M model) {
        return "";
    }

    /** What one sequence keeps in memory for decoding, in bytes; 0 where a model does not decode. */
    default long stateBytes(M model) {
        return 0;
    }

    /** A line that tells the user what to do with the trained model in {@code run}; empty for nothing. */
    default String advice(Path run) {
        return "";
    }
}
