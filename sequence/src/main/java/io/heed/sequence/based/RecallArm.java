package io.heed.sequence.based;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

import io.heed.data.Mqar;
import io.heed.data.Split;
import io.heed.sequence.BackboneConfig;
import io.heed.sequence.BackboneState;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.LanguageModelConfig;
import io.heed.sequence.MixerSpec;
import io.heed.sequence.RecallTask;
import io.heed.sequence.RecallTrial;
import io.heed.sequence.StudyTraining;
import io.heed.tensor.Seeds;

/**
 * A model of the recall experiment: a gated convolution, then the layers under test; no MLPs, tied embeddings.
 *
 * @param name   as the report shows it
 * @param curve  the family that it is a point of
 * @param layers mixers after the convolution
 */
record RecallArm(String name, String curve, List<String> layers) {
    static final int WIDTH = 64;
    private static final String CONVOLUTION = "based:part=conv";

    /** What one arm reaches. */
    record Result(RecallArm arm, double accuracy, double rate, long stateBytes, long parameters) { }

    static RecallArm taylor(int f) {
        return new RecallArm("Taylor f=" + f, "Taylor", List.of("based:part=taylor,feature=" + f));
    }

    static RecallArm window(int w) {
        return new RecallArm("window " + w, "window", List.of("based:part=window,window=" + w));
    }

    static RecallArm elu(int f) {
        return new RecallArm("elu+1 f=" + f, "elu+1", List.of("based:part=taylor,map=elu,feature=" + f));
    }

    /** Taylor attention and a window: the hybrid. */
    static RecallArm hybrid(int f, int w) {
        return new RecallArm("hybrid f=" + f + ", window " + w, "hybrid",
                List.of("based:part=taylor,feature=" + f, "based:part=window,window=" + w));
    }

    static RecallArm softmax() {
        return new RecallArm("softmax", "softmax", List.of("softmax"));
    }

    static RecallArm convolutions() {
        return new RecallArm("convolutions", "convolutions", List.of(CONVOLUTION));
    }

    /** Trains at every rate and seed; the mean accuracy at the best rate. */
    Result train(RecallTask<Mqar> task, int steps, double[] rates, int seeds) {
        Result best = null;
        for (double rate : rates) {
            double sum = 0;
            long bytes = 0;
            long parameters = 0;
            for (int seed = 0; seed < seeds; seed++) {
                try (PointerScope _ = new PointerScope()) {
                    Seeds.seedTorch(seed, "weights", 0);
                    LanguageModel model = new LanguageModel(config(task));
                    RecallTrial.widen(model);
                    sum += StudyTraining.train(model, task, StudyTraining.config(steps, rate, seed)).value();
                    bytes = stateBytes(model, task);
                    parameters = model.parameterCount();
                }
            }
            if (best == null || sum / seeds > best.accuracy) {
                best = new Result(this, sum / seeds, rate, bytes, parameters);
            }
        }
        return best;
    }

    private LanguageModelConfig config(RecallTask<Mqar> task) {
        List<MixerSpec> mixers = new ArrayList<>();
        mixers.add(MixerSpec.parse(CONVOLUTION));
        layers.forEach(layer -> mixers.add(MixerSpec.parse(layer)));
        BackboneConfig backbone = new BackboneConfig(WIDTH, mixers.size(), 1, 1, task.data().length(), 0,
                BackboneConfig.NormKind.LAYER_NORM, BackboneConfig.MlpKind.GELU, 0, true, mixers);
        return new LanguageModelConfig(task.data().vocabularySize(), true, backbone);
    }

    /** What the layers after the convolution remember of one whole example. */
    private long stateBytes(LanguageModel model, RecallTask<Mqar> task) {
        Tensor tokens = task.data().window(Split.VALIDATION, 0, 1).tokens();
        try (BackboneState state = model.state(1)) {
            model.prefill(tokens, state);
            return state.bytes() - state.layer(0).bytes();
        }
    }

    /** The best accuracy among points that need no more than {@code bytes}; chance 0 where there is none. */
    static double reached(List<Result> results, String curve, long bytes) {
        return results.stream().filter(result -> result.arm.curve.equals(curve) && result.stateBytes <= bytes)
                .mapToDouble(Result::accuracy).max().orElse(0);
    }

    static double accuracy(List<Result> results, RecallArm arm) {
        return results.stream().filter(result -> result.arm.equals(arm)).mapToDouble(Result::accuracy).findFirst()
                .orElseThrow();
    }

    /** Whether each of these arms is at least as accurate as the one before, but for {@code slack}. */
    static boolean rises(List<Result> results, double slack, RecallArm... arms) {
        double[] values = Arrays.stream(arms).mapToDouble(arm -> accuracy(results, arm)).toArray();
        for (int i = 1; i < values.length; i++) {
            if (values[i] < values[i - 1] - slack) {
                return false;
            }
        }
        return values[values.length - 1] > values[0];
    }
}
