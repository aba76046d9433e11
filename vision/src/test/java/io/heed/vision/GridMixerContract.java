package io.heed.vision;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.heed.nn.AttentionCall;
import io.heed.nn.AttentionObserver;
import io.heed.nn.ComposedAttention;
import io.heed.nn.Form;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerSpec;
import io.heed.tensor.Gradients;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;
import io.heed.tensor.Weights;
import io.heed.vision.data.ImageBatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * What every grid mixer must hold; a mixer's test inherits it and says which mixer, and in which configurations.
 *
 * {@snippet :
 * class NeighborhoodMixerTest extends GridMixerContract {
 *     @Override
 *     protected GridMixerKind kind() {
 *         return GridMixers.named("neighborhood");
 *     }
 * }
 * }
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class GridMixerContract {
    private static final int BATCH = 2;

    private PointerScope scope;

    /** The mixer under test. */
    protected abstract GridMixerKind kind();

    /** Configurations to test: grids that are not square, options. */
    protected List<GridConfig> configs() {
        return List.of(GridConfig.of(24, 3, 6, 9));
    }

    /** Whether there is a fused form. */
    protected boolean hasFusedForm() {
        return true;
    }

    /** Largest difference allowed in float32, relative to the largest expected value (at least 1). */
    protected double tolerance() {
        return 2e-5;
    }

    /** Largest difference allowed between an analytic and a numerical derivative in float64, relative likewise. */
    protected double gradientTolerance() {
        return 1e-6;
    }

    @BeforeEach
    void openScope() {
        scope = new PointerScope();
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    @ParameterizedTest
    @MethodSource("configs")
    void keepsTheShape(GridConfig config) {
        GridMixer mixer = build(config);
        Tensor y = mixer.forward(input(config, 1));
        assertThat(y.shape()).containsExactly(BATCH, config.rows(), config.columns(), config.width());
        assertThat(torch.isfinite(y).all().item_bool()).isTrue();
    }

    @ParameterizedTest
    @MethodSource("configs")
    void imagesOfABatchDoNotTouchEachOther(GridConfig config) {
        GridMixer mixer = build(config);
        Tensor x = input(config, 1);
        Tensor changed = Ops.cat(0, Ops.slice(x, 0, 0, 1), Ops.slice(input(config, 2), 0, 1, 2));
        for (Form form : forms()) {
            Tensor y = mixer.forward(x, MixerContext.of(form));
            Tensor z = mixer.forward(changed, MixerContext.of(form));
            assertClose("first image, " + form, Ops.slice(z, 0, 0, 1), Ops.slice(y, 0, 0, 1), 1e-6);
            assertThat(Ops.largestDifference(z, y)).as("the second image did change").isGreaterThan(1e-4);
        }
    }

    @ParameterizedTest
    @MethodSource("configs")
    void stridesOfTheInputDoNotMatter(GridConfig config) {
        GridMixer mixer = build(config);
        Tensor x = input(config, 1);
        Tensor turned = x.permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1); // channels first in memory
        for (Form form : forms()) {
            assertClose("channels first, " + form, mixer.forward(turned, MixerContext.of(form)),
                    mixer.forward(x, MixerContext.of(form)), 1e-5);
        }
    }

    @ParameterizedTest
    @MethodSource("configs")
    void tellsPositionsApartExactlyWhenItSaysSo(GridConfig config) {
        assumeTrue(config.tokens() > 2);
        GridMixer mixer = build(config);
        long[] order = IntStream.range(0, config.tokens()).mapToLong(i -> (i + 2L) % config.tokens()).toArray();
        order[0] = 1;
        order[config.tokens() - 1] = 2;
        Tensor x = input(config, 1);
        Tensor y = permute(mixer.forward(x), order);
        Tensor z = mixer.forward(permute(x, order));
        if (mixer.carriesOrder()) {
            assertThat(Ops.largestDifference(y, z)).as("order matters").isGreaterThan(1e-4);
        } else {
            assertClose("outputs move with their tokens", z, y, tolerance());
        }
    }

    @ParameterizedTest
    @MethodSource("configs")
    void gradientsEqualNumericalOnes(GridConfig config) {
        GridMixer mixer = build(config);
        mixer.to(ScalarType.Double, false);
        Tensor x = input(config, 1).to(ScalarType.Double).requires_grad_(true);
        Tensor probe = input(config, 3).to(ScalarType.Double);
        Map<String, Tensor> leaves = new LinkedHashMap<>();
        leaves.put("input", x);
        leaves.putAll(Weights.parameters(mixer));
        Gradients.assertNumerical(() -> loss(mixer, x, probe), leaves, 4, gradientTolerance());
    }

    @ParameterizedTest
    @MethodSource("configs")
    void fusedEqualsReference(GridConfig config) {
        assumeTrue(hasFusedForm());
        GridMixer mixer = build(config);
        Tensor probe = input(config, 3);
        List<List<Tensor>> results = new ArrayList<>();
        for (Form form : List.of(Form.REFERENCE, Form.FUSED)) {
            mixer.zero_grad(true);
            Tensor x = input(config, 1).requires_grad_(true);
            Tensor y = mixer.forward(x, MixerContext.of(form));
            y.mul(probe).sum().backward();
            List<Tensor> result = new ArrayList<>(List.of(y, x.grad()));
            Weights.parameters(mixer).values().forEach(parameter -> result.add(parameter.grad().clone()));
            results.add(result);
        }
        List<String> names = new ArrayList<>(List.of("output", "gradient of the input"));
        Weights.parameters(mixer).keySet().forEach(name -> names.add("gradient of " + name));
        for (int i = 0; i < names.size(); i++) {
            assertClose(names.get(i), results.get(1).get(i), results.get(0).get(i), tolerance());
        }
    }

    @ParameterizedTest
    @MethodSource("configs")
    void sameSeedSameMixer(GridConfig config) {
        Tensor x = input(config, 1);
        Tensor y = kindBuild(config, 5).forward(x);
        assertThat(torch.equal(y, kindBuild(config, 5).forward(x))).as("same seed, same bits").isTrue();
        assertThat(torch.equal(y, kindBuild(config, 6).forward(x))).as("another seed").isFalse();
    }

    @ParameterizedTest
    @MethodSource("configs")
    void anObserverChangesNothingAndSeesWeightsThatGiveTheOutputs(GridConfig config) {
        GridMixer mixer = build(config);
        Tensor x = input(config, 1);
        Tensor watched = mixer.forward(x, MixerContext.plain().withObserver(new AttentionObserver() {
            @Override
            public Tensor heads(int layer, AttentionCall call, Tensor outputs) {
                long count = Math.min(5, outputs.size(2));
                long from = outputs.size(2) - count;
                assertClose("weights times values", ComposedAttention.apply(call.weights(from, count), call.values()),
                        outputs.narrow(2, from, count), tolerance());
                return outputs;
            }
        }));
        assertThat(watched.equal(mixer.forward(x))).as("watched outputs are the same bits").isTrue();
    }

    @ParameterizedTest
    @MethodSource("configs")
    void trainsInAClassifier(GridConfig config) {
        Seeds.seedTorch(3, "weights", 0);
        ColumnarConfig backbone = new ColumnarConfig(1, 2 * config.rows(), 2 * config.columns(), 2, config.width(), 2,
                config.heads(), 2, config.relative() ? Positions.RELATIVE : Positions.LEARNED,
                ColumnarConfig.Readout.MEAN,
                Regularisation.NONE, List.of(new MixerSpec(kind().id(), config.options())));
        ImageClassifier model = new ImageClassifier(new ImageClassifierConfig(backbone, 5));
        Tensor images = torch.randn(3, 1, 2L * config.rows(), 2L * config.columns());
        model.loss(new ImageBatch(images, Ops.of(new long[] {0, 4, 2}, 3))).backward();
        List<Tensor> parameters = List.copyOf(Weights.parameters(model).values());
        List<String> names = List.copyOf(Weights.parameters(model).keySet());
        for (int i = 0; i < parameters.size(); i++) {
            Tensor gradient = parameters.get(i).grad();
            assertThat(gradient.defined()).as("%s has a gradient", names.get(i)).isTrue();
            assertThat(torch.isfinite(gradient).all().item_bool()).as("%s is finite", names.get(i)).isTrue();
        }
    }

    /** A mixer with weights large enough that a mistake shows. */
    protected GridMixer build(GridConfig config) {
        GridMixer mixer = kindBuild(config, 7);
        try (NoGradGuard _ = new NoGradGuard()) {
            for (Tensor parameter : Weights.parameters(mixer).values()) {
                if (parameter.dim() > 1) {
                    parameter.mul_(new Scalar(8));
                }
            }
        }
        return mixer;
    }

    /** An input (2, H, W, D) that depends on {@code seed}. */
    protected static Tensor input(GridConfig config, long seed) {
        Seeds.seedTorch(seed, "input", config.tokens());
        return torch.randn(BATCH, config.rows(), config.columns(), config.width());
    }

    /** Asserts that no element is farther off than {@code tolerance} times the largest expected value (at least 1). */
    protected static void assertClose(String what, Tensor actual, Tensor expected, double tolerance) {
        Gradients.assertClose(what, actual, expected, tolerance);
    }

    private GridMixer kindBuild(GridConfig config, long seed) {
        Seeds.seedTorch(seed, "weights", 0);
        GridMixer mixer = kind().build(config);
        mixer.eval();
        return mixer;
    }

    private List<Form> forms() {
        return hasFusedForm() ? List.of(Form.REFERENCE, Form.FUSED) : List.of(Form.REFERENCE);
    }

    /** (B, H, W, D) with token order[i] at place i. */
    private static Tensor permute(Tensor x, long[] order) {
        return x.flatten(1, 2).index_select(1, Ops.of(order, order.length)).view_as(x);
    }

    private static Tensor loss(GridMixer mixer, Tensor x, Tensor probe) {
        MixerContext context = MixerContext.of(Form.REFERENCE);
        Tensor loss = mixer.forward(x, context).mul(probe).sum();
        return context.loss().map(loss::add).orElse(loss);
    }

}
