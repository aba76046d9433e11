package io.heed.sequence;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

import io.heed.data.Mqar;
import io.heed.tensor.Seeds;
import io.heed.tensor.Weights;
import io.heed.train.Evaluation;
import io.heed.train.Trainer;
import io.heed.train.TrainingStopped;

/**
 * Whether a mixer learns associative recall: the method of Zoology's synthetic runs, brought to sizes at which it takes
 * seconds. The layers have no MLP. The first layer is a convolution of three taps in every model, which lets a token
 * know the one before it; recall then takes one layer of the mixer, and the study sees the mixer rather than how late
 * two layers of attention find each other. Weights start as large as is usual for narrow models (see {@link #widen}).
 * Training stops once 99% are recalled.
 *
 * @param data  the generator
 * @param width D
 * @param heads H
 * @param batch examples in a step
 * @param steps at most
 * @param rates peak learning rates, of which the best result counts
 * @param seed  of weights and batches
 */
public record RecallTrial(Mqar data, long width, int heads, int batch, long steps, List<Double> rates, long seed) {
    /** The convolution of the first layer. */
    public static final String FIRST_LAYER = "base-conv:kernel=3";

    private static final int EXAMPLES = 256;
    private static final int EVALUATIONS = 12;
    private static final double SOLVED = 0.99;
    private static final double MOST = 5;

    /**
     * What came out.
     *
     * @param accuracy   at the best rate
     * @param steps      until 99% were recalled, or all
     * @param rate       the best
     * @param parameters of the model
     * @param seconds    of all rates
     */
    public record Outcome(double accuracy, long steps, double rate, long parameters, double seconds) { }

    /**
     * The layers of a model that tests {@code mixer}: the convolution, then the mixer in all {@code layers - 1} others.
     */
    public static List<MixerSpec> stack(String mixer, int layers) {
        List<MixerSpec> stack = new ArrayList<>(List.of(MixerSpec.parse(FIRST_LAYER)));
        for (int layer = 1; layer < layers; layer++) {
            stack.add(MixerSpec.parse(mixer));
        }
        return List.copyOf(stack);
    }

    /**
     * Enlarges matrices (but not tables of embeddings) whose entries deviate by less than 1 / sqrt(inputs), up to that
     * or fivefold: a deviation of 0.02 suits layers of a thousand channels, and makes recall emerge very late in narrow
     * ones.
     */
    public static void widen(LanguageModel model) {
        widen(model, model.config().backbone().width());
    }

    /** The same for any model of this width. */
    public static void widen(Module model, long width) {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            Weights.parameters(model).forEach((name, weight) -> {
                long inputs = isTable(name) || weight.numel() < 2 ? 0 : inputs(name, weight, width);
                if (inputs > 0) {
                    double factor = 1 / Math.sqrt(inputs) / weight.std(true).item_double();
                    if (factor > 1 && Double.isFinite(factor)) {
                        weight.mul_(new Scalar(Math.min(MOST, factor)));
                    }
                }
            });
        }
    }

    /** Inputs of a matrix {@code weight} (out, in) or {@code kernel} (in, out), (D, H, d), (H, d, D); else 0. */
    private static long inputs(String name, Tensor weight, long width) {
        if (name.endsWith("weight") && weight.dim() == 2) {
            return weight.size(1);
        }
        if (!name.endsWith("kernel") || weight.dim() < 2) {
            return 0;
        }
        return weight.dim() == 2 || weight.size(0) == width ? weight.size(0) : weight.size(0) * weight.size(1);
    }

    /** Embeddings and heads. */
    private static boolean isTable(String name) {
        return name.contains("embedding") || name.startsWith("head.") || name.startsWith("lm_head.");
    }

    /** Trains a model of two layers, the convolution and {@code mixer}, at every rate until one solves the task. */
    public Outcome run(String mixer) {
        return run(stack(mixer, 2));
    }

    /** The same with these layers. */
    public Outcome run(List<MixerSpec> layers) {
        Outcome best = null;
        double seconds = 0;
        for (double rate : rates) {
            Outcome outcome = train(layers, rate);
            seconds += outcome.seconds;
            if (best == null || outcome.accuracy > best.accuracy) {
                best = outcome;
            }
            if (best.accuracy >= SOLVED) {
                break;
            }
        }
        return new Outcome(best.accuracy, best.steps, best.rate, best.parameters, seconds);
    }

    private Outcome train(List<MixerSpec> layers, double rate) {
        long begin = System.nanoTime();
        RecallTask<Mqar> task = new RecallTask<>(data, batch, EXAMPLES);
        Seeds.seedTorch(seed, "weights", 0);
        LanguageModel model = new LanguageModel(new LanguageModelConfig(data.vocabularySize(), true,
                new BackboneConfig(width,
                layers.size(), heads, heads, data.length(), 0, BackboneConfig.NormKind.LAYER_NORM,
                BackboneConfig.MlpKind.GELU, 0,
                true, layers)));
        widen(model);
        long parameters = model.parameterCount();
        double accuracy = 0;
        long done = 0;
        try (Trainer<LanguageModel> trainer = new Trainer<>(model, task, StudyTraining.config(steps, rate, seed))) {
            boolean more = true;
            while (more && accuracy < SOLVED) {
                more = trainer.advance(Math.max(1, steps / EVALUATIONS));
                Evaluation evaluation = more ? StudyTraining.evaluate(model, task) : trainer.evaluation().orElseThrow();
                model.train(true);
                accuracy = Math.max(accuracy, evaluation.value());
                done = trainer.step();
            }
        } catch (TrainingStopped _) {
            // what was reached before the loss was no longer finite counts
        }
        model.deallocate();
        return new Outcome(accuracy, done, rate, parameters, (System.nanoTime() - begin) / 1e9);
    }
}
