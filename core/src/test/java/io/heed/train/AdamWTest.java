package io.heed.train;

import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

class AdamWTest {
    @BeforeAll
    static void oneThread() {
        torch.set_num_threads(1);    // small tensors: waiting for a second thread costs more than the work
    }

    // libtorch's default betas, since its bindings give their pair in an order that depends on the C++ library
    private static final TrainConfig CONFIG = new TrainConfig(100, 1e-3, 0, 0, 0.3, false, 0.9, 0.999, 1e-8, 0.7, 0, 0,
            0,
            "cpu");

    private static Tensor parameter(ScalarType type, long... shape) {
        return torch.randn(shape).to(type).set_requires_grad(true);
    }

    private static Tensor copy(Tensor tensor) {
        return tensor.detach().clone().set_requires_grad(true);
    }

    /** A quartic bowl, with sizes that are not multiples of a vector or a chunk. */
    private static Tensor loss(Tensor a, Tensor b) {
        Tensor quartic = a.mul(a).mul(a).mul(a).sum();
        return quartic.add(b.sub(new Scalar(1)).mul(b).sum()).mul(new Scalar(0.1));
    }

    @ParameterizedTest
    @EnumSource(value = ScalarType.class, names = {"Float", "Double"})
    void givesLibtorchsNumbers(ScalarType type) {
        try (PointerScope scope = new PointerScope()) {
            torch.manual_seed(1);
            Tensor matrix = parameter(type, 331, 211);
            Tensor vector = parameter(type, 37);
            Tensor matrixThere = copy(matrix);
            Tensor vectorThere = copy(vector);
            AdamW ours = new AdamW(List.of(new NamedTensor("m", matrix), new NamedTensor("v", vector)), CONFIG);
            try (TheirAdamW decaying = new TheirAdamW(matrixThere, 0.3); TheirAdamW plain = new TheirAdamW(vectorThere,
                    0)) {
                for (int step = 0; step < 30; step++) {
                    double rate = 0.01 / (1 + step);
                    loss(matrix, vector).backward();
                    double norm = ours.gradientNorm();
                    ours.update(rate, norm);
                    matrix.mutable_grad().zero_();
                    vector.mutable_grad().zero_();

                    loss(matrixThere, vectorThere).backward();
                    double theirs = torch.clip_grad_norm_(new TensorVector(matrixThere, vectorThere), 0.7);
                    decaying.step(rate);
                    plain.step(rate);
                    assertThat(norm).isCloseTo(theirs, within(1e-5 * theirs));
                }
            }
            assertThat(distance(matrix, matrixThere)).isLessThan(3e-6);
            assertThat(distance(vector, vectorThere)).isLessThan(3e-6);
        }
    }

    private record TheirAdamW(org.bytedeco.pytorch.AdamW optimizer, AdamWOptions options, Tensor parameter)
            implements AutoCloseable {
        TheirAdamW(Tensor parameter, double decay) {
            AdamWOptions options = new AdamWOptions(1e-3);
            options.weight_decay().put(decay);
            options.eps().put(CONFIG.epsilon());
            this(new org.bytedeco.pytorch.AdamW(new TensorVector(parameter), options), options, parameter);
        }

        void step(double rate) {
            optimizer.param_groups().front().options().set_lr(rate);
            optimizer.step();
            optimizer.zero_grad();
        }

        @Override
        public void close() {
            optimizer.close();
        }
    }

    private static double distance(Tensor a, Tensor b) {
        try (NoGradGuard none = new NoGradGuard()) {
            return a.sub(b).abs().max().item_double();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"embedding.weight", "head.weight", "norm.bias"})
    void embeddingsAndVectorsDoNotDecay(String name) {
        try (PointerScope scope = new PointerScope()) {
            Tensor value = name.endsWith("bias") ? parameter(ScalarType.Float, 5) : parameter(ScalarType.Float, 5, 3);
            Tensor before = copy(value);
            AdamW optimizer = new AdamW(List.of(new NamedTensor(name, value)), CONFIG);
            value.mul(new Scalar(0)).sum().backward();    // a gradient of 0 leaves only the decay
            optimizer.update(0.1, optimizer.gradientNorm());
            double expected = name.startsWith("head") ? 1 - 0.1 * 0.3 : 1;
            assertThat(distance(value, before.mul(new Scalar(expected)))).isLessThan(1e-7);
        }
    }

    @Test
    void aParameterWithoutGradientIsLeftAlone() {
        try (PointerScope scope = new PointerScope()) {
            Tensor used = parameter(ScalarType.Float, 4, 4);
            Tensor unused = parameter(ScalarType.Float, 4, 4);
            Tensor before = copy(unused);
            AdamW optimizer = new AdamW(List.of(new NamedTensor("a", used), new NamedTensor("b", unused)), CONFIG);
            used.sum().backward();
            optimizer.update(0.1, optimizer.gradientNorm());
            assertThat(distance(unused, before)).isZero();
            assertThat(optimizer.steps()).containsExactly(1, 0);
        }
    }

    @Test
    void aTransposedGradientIsReadInTheParametersOrder() {
        try (PointerScope scope = new PointerScope()) {
            Tensor value = parameter(ScalarType.Float, 3, 5);
            Tensor before = copy(value);
            Tensor weights = torch.randn(5, 3).t();
            AdamW optimizer = new AdamW(List.of(new NamedTensor("embedding", value)), CONFIG.withClip(0));
            value.mul(weights).sum().backward();
            value.mutable_grad().put(weights);
            assertThat(value.grad().is_contiguous()).isFalse();
            optimizer.update(0.1, optimizer.gradientNorm());
            // the first update of Adam moves every number by the rate against the gradient's sign
            assertThat(distance(value, before.sub(weights.sign().mul(new Scalar(0.1))))).isLessThan(1e-6);
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void oneNumberThatIsNotFiniteIsFound(float bad) {
        for (int place : new int[] {0, 17, 70_000, 70_002}) {
            try (PointerScope scope = new PointerScope()) {
                Tensor fine = parameter(ScalarType.Float, 10);
                Tensor value = parameter(ScalarType.Float, 70_003);
                AdamW optimizer = new AdamW(List.of(new NamedTensor("fine", fine), new NamedTensor("value", value)),
                        CONFIG);
                float[] gradient = new float[70_003];
                gradient[place] = bad;
                fine.sum().add(value.mul(AbstractTensor.create(gradient, 70_003)).sum()).backward();
                assertThat(optimizer.gradientNorm()).isNotFinite();
                assertThat(optimizer.gradientNotFinite()).hasValue("value");
                assertThat(optimizer.update(0.1, 1)).isFalse();
                assertThat(optimizer.valueNotFinite()).hasValue("value");
            }
        }
    }
}
