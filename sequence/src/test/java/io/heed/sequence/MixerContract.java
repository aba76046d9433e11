package io.heed.sequence;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

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

import io.heed.data.SequenceBatch;
import io.heed.nn.AttentionCall;
import io.heed.nn.AttentionObserver;
import io.heed.nn.ComposedAttention;
import io.heed.nn.Form;
import io.heed.nn.Padding;
import io.heed.tensor.Gradients;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;
import io.heed.tensor.Weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * What every mixer must hold; a mixer's test inherits it and says which mixer, and in which configurations.
 *
 * {@snippet :
 * class LightningAttentionTest extends MixerContract {
 *     @Override
 *     protected MixerKind kind() {
 *         return LightningAttention.KIND;
 *     }
 * }
 * }
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class MixerContract {
    private static final int BATCH = 2;

    private PointerScope scope;

    /** The mixer under test. */
    protected abstract MixerKind kind();

    /** Configurations to test: each pattern family, grouped heads, options. */
    protected List<MixerConfig> configs() {
        return List.of(MixerConfig.of(24, 3).withLength(64));
    }

    /** Whether there is a fused form. */
    protected boolean hasFusedForm() {
        return true;
    }

    /** Lengths of float32 tests: one token, primes, a block, past blocks. */
    protected int[] lengths() {
        return new int[] {1, 2, 7, 64, 67, 131};
    }

    /** Largest difference allowed in float32, relative to the largest expected value (at least 1). */
    protected double tolerance() {
        return 2e-5;
    }

    /** Largest difference allowed between an analytic and a numerical derivative in float64, relative likewise. */
    protected double gradientTolerance() {
        return 1e-6;
    }

    /** A mixer with weights large enough that a mistake shows. */
    protected SequenceMixer build(MixerConfig config) {
        return build(config, 7);
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
    void everyModuleInItOutlivesAGarbageCollection(MixerConfig config) {
        SequenceMixer mixer = build(config);
        System.gc();
        // libtorch calls every submodule that is made in Java; one that was collected throws
        mixer.zero_grad(true);
    }

    @ParameterizedTest
    @MethodSource("configs")
    void keepsTheShapeAtAnyLength(MixerConfig config) {
        SequenceMixer mixer = build(config);
        for (int length : lengths()) {
            Tensor x = input(length, config, 1);
            Tensor y = mixer.forward(x, context(mixer, x, Form.AUTO));
            assertThat(y.shape()).as("length %d", length).containsExactly(BATCH, length, config.width());
            assertThat(torch.isfinite(y).all().item_bool()).as("finite at length %d", length).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("configs")
    void anObserverChangesNothingAndSeesWeightsThatGiveTheOutputs(MixerConfig config) {
        SequenceMixer mixer = build(config);
        mixer.eval();
        Tensor x = input(37, config, 1);
        Tensor y = mixer.forward(x, context(mixer, x, Form.AUTO));
        Tensor watched = mixer.forward(x, context(mixer, x, Form.AUTO).withObserver(new AttentionObserver() {
            @Override
            public Tensor heads(int layer, AttentionCall call, Tensor outputs) {
                for (long from : new long[] {0, 5, 30}) {
                    Tensor weights = call.weights(from, 7);
                    assertClose("rows from " + from + " of weights times values",
                            ComposedAttention.apply(weights, call.values()),
                            outputs.narrow(2, from, 7), tolerance());
                }
                return outputs;
            }
        }));
        assertThat(watched.equal(y)).as("watched outputs are the same bits").isTrue();
    }

    @ParameterizedTest
    @MethodSource("configs")
    void laterTokensDoNotChangeEarlierOutputs(MixerConfig config) {
        assumeTrue(config.causal());
        SequenceMixer mixer = build(config);
        int length = 70;
        Tensor x = input(length, config, 1);
        Tensor other = input(length, config, 2);
        for (Form form : forms()) {
            MixerContext context = context(mixer, x, form);
            Tensor y = mixer.forward(x, context);
            for (int from : new int[] {1, 13, 64, 69}) {
                Tensor changed = Ops.cat(1, Ops.slice(x, 1, 0, from), Ops.slice(other, 1, from, length));
                Tensor z = mixer.forward(changed, context);
                assertClose("outputs before " + from + ", " + form, Ops.slice(z, 1, 0, from), Ops.slice(y, 1, 0, from),
                        1e-6);
                assertThat(Ops.largestDifference(z, y)).as("later outputs do change").isGreaterThan(1e-4);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("configs")
    void everyTokenReachesOutputsThatMaySeeIt(MixerConfig config) {
        assumeTrue(!config.causal());
        SequenceMixer mixer = build(config);
        Tensor x = input(9, config, 1);
        Tensor changed = Ops.cat(1, Ops.slice(x, 1, 0, 8), Ops.slice(input(9, config, 2), 1, 8, 9));
        assertThat(Ops.largestDifference(Ops.slice(mixer.forward(changed), 1, 0, 1),
                Ops.slice(mixer.forward(x), 1, 0, 1)))
                .as("the first output sees the last token").isGreaterThan(1e-6);
    }

    @ParameterizedTest
    @MethodSource("configs")
    void paddedSequenceEqualsTheSequenceAlone(MixerConfig config) {
        SequenceMixer mixer = build(config);
        int length = 37;
        int real = 22;
        Tensor x = input(length, config, 1);
        for (Form form : forms()) {
            Tensor padded = mixer.forward(x, MixerContext.of(form)
                    .withPadding(Padding.ofLengths(length, length, real)));
            Tensor alone = mixer.forward(Ops.slice(Ops.slice(x, 0, 1, 2), 1, 0, real), MixerContext.of(form));
            Tensor full = mixer.forward(Ops.slice(x, 0, 0, 1), MixerContext.of(form));
            assertClose("padded, " + form, Ops.slice(Ops.slice(padded, 0, 1, 2), 1, 0, real), alone, tolerance());
            assertClose("not padded, " + form, Ops.slice(padded, 0, 0, 1), full, tolerance());
            assertThat(torch.isfinite(padded).all().item_bool()).as("padded outputs are finite").isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("configs")
    void paddedTokensAnywhereChangeNoRealOutput(MixerConfig config) {
        SequenceMixer mixer = build(config);
        int length = 19;
        boolean[] padded = new boolean[BATCH * length];
        for (int at : new int[] {0, 1, 5, 18, length + 3, length + 4, length + 17}) {
            padded[at] = true;
        }
        Tensor mask = Ops.of(padded, BATCH, length);
        Tensor x = input(length, config, 1);
        Tensor changed = torch.where(mask.unsqueeze(-1), input(length, config, 2), x);
        Tensor real = mask.logical_not().unsqueeze(-1);
        for (Form form : forms()) {
            Tensor y = mixer.forward(x, MixerContext.of(form).withPadding(new Padding(mask)));
            Tensor z = mixer.forward(changed, MixerContext.of(form).withPadding(new Padding(mask)));
            assertClose("real outputs, " + form, z.mul(real), y.mul(real), 1e-6);
        }
    }

    @ParameterizedTest
    @MethodSource("configs")
    void sequencesOfABatchDoNotTouchEachOther(MixerConfig config) {
        SequenceMixer mixer = build(config);
        Tensor x = input(33, config, 1);
        Tensor changed = Ops.cat(0, Ops.slice(x, 0, 0, 1), Ops.slice(input(33, config, 2), 0, 1, 2));
        for (Form form : forms()) {
            assertClose("first sequence, " + form, Ops.slice(mixer.forward(changed, MixerContext.of(form)), 0, 0, 1),
                    Ops.slice(mixer.forward(x, MixerContext.of(form)), 0, 0, 1), 1e-6);
        }
    }

    @ParameterizedTest
    @MethodSource("configs")
    void steppingEqualsTheParallelForm(MixerConfig config) {
        assumeTrue(config.causal());
        SequenceMixer mixer = build(config);
        int length = 71;
        int prompt = 40;
        Tensor x = input(length, config, 1);
        Tensor expected = mixer.forward(x, MixerContext.of(Form.REFERENCE));
        try (MixerState state = mixer.state(BATCH)) {
            assertThat(state.batch()).isEqualTo(BATCH);
            assertThat(state.position()).isZero();
            assertClose("token by token", steps(mixer, x, state, 0), expected, tolerance());
            assertThat(state.position()).isEqualTo(length);
            assertThat(state.bytes()).as("bytes of the state").isPositive();
            state.reset();
            assertThat(state.position()).isZero();
            Tensor first = mixer.prefill(Ops.slice(x, 1, 0, 17), state);
            Tensor second = mixer.prefill(Ops.slice(x, 1, 17, prompt), state);
            assertThat(state.position()).isEqualTo(prompt);
            assertClose("prompt in two chunks, then token by token",
                    Ops.cat(1, first, second, steps(mixer, x, state, prompt)), expected, tolerance());
        }
    }

    @ParameterizedTest
    @MethodSource("configs")
    void selectedSequencesGoOnAsTheyWere(MixerConfig config) {
        assumeTrue(config.causal());
        SequenceMixer mixer = build(config);
        Tensor x = input(12, config, 1);
        try (MixerState state = mixer.state(BATCH)) {
            mixer.prefill(Ops.slice(x, 1, 0, 9), state);
            state.select(1, 1, 0);
            assertThat(state.batch()).isEqualTo(3);
            Tensor chosen = Ops.stack(0, x.select(0, 1), x.select(0, 1), x.select(0, 0));
            assertClose("after selecting", steps(mixer, chosen, state, 9),
                    Ops.slice(mixer.forward(chosen), 1, 9, 12), tolerance());
            assertThatThrownBy(() -> state.select(3)).isInstanceOf(IndexOutOfBoundsException.class);
            state.reset();
            assertThat(state.batch()).as("as after state(batch)").isEqualTo(BATCH);
        }
    }

    @ParameterizedTest
    @MethodSource("configs")
    void stateIsRefusedWhereNotCausal(MixerConfig config) {
        assumeTrue(!config.causal());
        SequenceMixer mixer = build(config);
        assertThatThrownBy(() -> mixer.state(1)).isInstanceOf(UnsupportedOperationException.class);
    }

    @ParameterizedTest
    @MethodSource("configs")
    void gradientsEqualNumericalOnes(MixerConfig config) {
        SequenceMixer mixer = build(config);
        mixer.to(ScalarType.Double, false);
        int length = 5;
        Tensor x = input(length, config, 1).to(ScalarType.Double).requires_grad_(true);
        Tensor probe = input(length, config, 3).to(ScalarType.Double);
        Map<String, Tensor> leaves = new LinkedHashMap<>();
        leaves.put("input", x);
        leaves.putAll(Weights.parameters(mixer));
        Gradients.assertNumerical(() -> loss(mixer, x, probe, Form.REFERENCE), leaves, 6, gradientTolerance());
    }

    @ParameterizedTest
    @MethodSource("configs")
    void fusedEqualsReference(MixerConfig config) {
        assumeTrue(hasFusedForm());
        SequenceMixer mixer = build(config);
        for (int length : lengths()) {
            compareForms(mixer, config, length, null);
        }
        compareForms(mixer, config, 67, Padding.ofLengths(67, 67, 41));
    }

    @ParameterizedTest
    @MethodSource("configs")
    void sameSeedSameMixer(MixerConfig config) {
        Tensor x = input(33, config, 1);
        Tensor y = kindBuild(config, 5).forward(x);
        Tensor again = kindBuild(config, 5).forward(x);
        assertThat(torch.equal(y, again)).as("same seed, same bits").isTrue();
        assertThat(torch.equal(y, kindBuild(config, 6).forward(x))).as("another seed").isFalse();
    }

    @ParameterizedTest
    @MethodSource("configs")
    void servesItsPatterns(MixerConfig config) {
        SequenceMixer mixer = build(config);
        assertThat(mixer.patterns()).isNotEmpty().isSubsetOf(kind().patterns())
                .allMatch(pattern -> pattern.isCausal() == config.causal());
        assumeTrue(mixer.patterns().stream().anyMatch(Pattern::isCross));
        int length = 11;
        Tensor x = input(length, config, 1);
        Tensor memory = input(17, config, 4);
        Padding padding = Padding.ofLengths(17, 17, 9);
        MixerContext context = MixerContext.plain().withMemory(memory, padding);
        Tensor y = mixer.forward(x, context);
        assertThat(y.shape()).containsExactly(BATCH, length, config.width());
        Tensor changed = Ops.cat(1, Ops.slice(memory, 1, 0, 9), Ops.slice(input(17, config, 5), 1, 9, 17));
        Tensor z = mixer.forward(x, MixerContext.plain().withMemory(changed, padding));
        assertClose("padded memory", Ops.slice(z, 0, 1, 2), Ops.slice(y, 0, 1, 2), 1e-6);
        assertThat(Ops.largestDifference(Ops.slice(z, 0, 0, 1), Ops.slice(y, 0, 0, 1))).isGreaterThan(1e-5);
        if (config.causal()) {
            for (int end = 1; end <= length; end += 5) {
                assertClose("first " + end + " queries alone", mixer.forward(Ops.slice(x, 1, 0, end), context),
                        Ops.slice(y, 1, 0, end), tolerance());
            }
            try (MixerState state = mixer.state(BATCH, context)) {
                assertClose("queries one by one", steps(mixer, x, state, 0), y, tolerance());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("configs")
    void trainsInALanguageModel(MixerConfig config) {
        Seeds.seedTorch(3, "weights", 0);
        BackboneConfig standard = BackboneConfig.of(kind().id(), config.width(), 2, 32);
        // else the model sees what it predicts; it trains
        boolean causal = kind().patterns().contains(Pattern.CAUSAL_SELF);
        BackboneConfig backbone = new BackboneConfig(config.width(), 2, config.heads(), config.keyValueHeads(), 32,
                standard.hidden(), standard.norm(), standard.mlp(), 0, causal,
                List.of(new MixerSpec(kind().id(), config.options())));
        LanguageModel model = new LanguageModel(new LanguageModelConfig(17, true, backbone));
        Tensor tokens = Ops.of(IntStream.range(0, 2 * 32).mapToLong(i -> (i * 7 + i / 5) % 17).toArray(), 2, 32);
        model.loss(new SequenceBatch(tokens, tokens.roll(new long[] {-1}, 1))).backward();
        List<Tensor> parameters = List.copyOf(Weights.parameters(model).values());
        List<String> names = List.copyOf(Weights.parameters(model).keySet());
        for (int i = 0; i < parameters.size(); i++) {
            Tensor gradient = parameters.get(i).grad();
            assertThat(gradient.defined()).as("%s has a gradient", names.get(i)).isTrue();
            assertThat(torch.isfinite(gradient).all().item_bool()).as("%s is finite", names.get(i)).isTrue();
        }
    }

    /** An input (2, length, D) that depends on {@code seed}. */
    protected Tensor input(int length, MixerConfig config, long seed) {
        Seeds.seedTorch(seed, "input", length);
        return torch.randn(BATCH, length, config.width());
    }

    private SequenceMixer build(MixerConfig config, long seed) {
        SequenceMixer mixer = kindBuild(config, seed);
        try (NoGradGuard _ = new NoGradGuard()) {
            for (Tensor parameter : Weights.parameters(mixer).values()) {
                if (parameter.dim() > 1) {
                    parameter.mul_(new Scalar(8));
                }
            }
        }
        return mixer;
    }

    private SequenceMixer kindBuild(MixerConfig config, long seed) {
        Seeds.seedTorch(seed, "weights", 0);
        SequenceMixer mixer = kind().build(config);
        mixer.eval();
        return mixer;
    }

    private MixerContext context(SequenceMixer mixer, Tensor x, Form form) {
        boolean onlyCross = mixer.patterns().stream().allMatch(Pattern::isCross);
        return onlyCross ? MixerContext.of(form).withMemory(x, null) : MixerContext.of(form);
    }

    private List<Form> forms() {
        return hasFusedForm() ? List.of(Form.REFERENCE, Form.FUSED) : List.of(Form.REFERENCE);
    }

    private static Tensor steps(SequenceMixer mixer, Tensor x, MixerState state, int from) {
        List<Tensor> outputs = new ArrayList<>();
        for (long t = from; t < x.size(1); t++) {
            outputs.add(mixer.step(x.select(1, t), state));
        }
        return Ops.stack(1, outputs.toArray(Tensor[]::new));
    }

    private static Tensor loss(SequenceMixer mixer, Tensor x, Tensor probe, Form form) {
        MixerContext context = MixerContext.of(form);
        Tensor loss = mixer.forward(x, context).mul(probe).sum();
        return context.loss().map(loss::add).orElse(loss);
    }

    private void compareForms(SequenceMixer mixer, MixerConfig config, int length, Padding padding) {
        Tensor probe = input(length, config, 3);
        if (padding != null) {
            probe = Ops.fill(probe, padding.mask().unsqueeze(-1), 0); // padded outputs are unspecified
        }
        List<List<Tensor>> results = new ArrayList<>();
        for (Form form : List.of(Form.REFERENCE, Form.FUSED)) {
            mixer.zero_grad(true);
            Tensor x = input(length, config, 1).requires_grad_(true);
            MixerContext context = padding == null ? MixerContext.of(form) : MixerContext.of(form).withPadding(padding);
            Tensor y = mixer.forward(x, context);
            y.mul(probe).sum().backward();
            List<Tensor> result = new ArrayList<>(List.of(y.mul(probe), x.grad()));
            // at length 1 some forms reach no parameter of a recurrence
            for (Tensor parameter : Weights.parameters(mixer).values()) {
                Tensor gradient = parameter.grad();
                result.add(gradient.defined() ? gradient.clone() : torch.zeros_like(parameter.detach()));
            }
            results.add(result);
        }
        List<String> names = Stream.concat(Stream.of("output", "gradient of the input"),
                Weights.parameters(mixer).keySet().stream().map("gradient of "::concat)).toList();
        for (int i = 0; i < names.size(); i++) {
            assertClose(names.get(i) + " at length " + length, results.get(1).get(i), results.get(0).get(i),
                    tolerance());
        }
    }

    /** Asserts that no element is farther off than {@code tolerance} times the largest expected value (at least 1). */
    protected static void assertClose(String what, Tensor actual, Tensor expected, double tolerance) {
        Gradients.assertClose(what, actual, expected, tolerance);
    }
}
