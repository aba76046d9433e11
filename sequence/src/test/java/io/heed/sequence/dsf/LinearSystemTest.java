package io.heed.sequence.dsf;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerSpec;
import io.heed.sequence.Mixers;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;
import io.heed.tensor.WithoutGradients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

@ExtendWith(WithoutGradients.class)
class LinearSystemTest {
    private static final int WIDTH = 8;
    private static final int LENGTH = 13;

    @BeforeEach
    void seed() {
        Seeds.seedTorch(4, "linear system", 0);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            linear-attention:qk-width=6          | 24  | 2
            normalised-attention:qk-width=12     | 48  | 2
            normalised-attention:eta=softplus    | 32  | 2
            normalised-attention:eta=sigmoid     | 32  | 2
            s6:states=3                          | 24  | 24
            ssd:states=3                         | 24  | 8
            mamba:states=3                       | 48  | 48
            gated-attention:qk-width=4           | 16  | 2
            qlstm                                | 16  | 16
            qlstm:reversed=true                  | 16  | 16
            rg-lru                               | 8   | 8
            """)
    void systemGivesTheMixersOutputs(String spec, int states, int rates) {
        SequenceMixer mixer = mixer(spec, 2);
        Tensor x = torch.randn(LENGTH, WIDTH);
        LinearSystem system = ((Realisable) mixer).system(x);
        Tensor expected = mixer.forward(x.unsqueeze(0)).squeeze(0);
        double scale = Math.max(1, expected.abs().max().item_double());
        assertThat(Ops.largestDifference(system.simulate(), expected) / scale).as("through the states")
                .isLessThan(1e-5);
        assertThat(Ops.largestDifference(system.convolve(), expected) / scale).as("through the kernel")
                .isLessThan(1e-5);
        assertThat(system.stateSize()).as("states").isEqualTo(states);
        assertThat(system.forgetRates()).as("rates").isEqualTo(rates);
    }

    @Test
    void softmaxAttentionIsTheLimitOfGrowingStates() {
        Tensor q = torch.randn(LENGTH, 2).mul(new Scalar(0.6));
        Tensor k = torch.randn(LENGTH, 2).mul(new Scalar(0.6));
        Tensor v = torch.randn(LENGTH, 3);
        Tensor expected = torch.softmax(q.matmul(k.t()).div(new Scalar(Math.sqrt(2)))
                .add(torch.full(new long[] {LENGTH, LENGTH}, new Scalar(Double.NEGATIVE_INFINITY)).triu(1)), 1)
                        .matmul(v);
        double before = Double.POSITIVE_INFINITY;
        for (int order : new int[] {2, 4, 6, 8, 10}) {
            LinearSystem system = SoftmaxHeads.system(q, k, v, order);
            assertThat(system.stateSize()).isEqualTo(3 * ((1L << order + 1) - 1));
            double error = Ops.largestDifference(system.simulate(), expected);
            assertThat(error).as("error at order %d", order).isLessThan(Math.max(before / 3, 1e-5));
            before = error;
        }
        assertThat(before).as("error at order 10").isLessThan(1e-5);
    }

    @Test
    void softmaxMixerIsItsSystemUpToTheCutPowers() {
        SequenceMixer mixer = mixer("dsf-softmax:qk-width=4", 1);
        Tensor x = torch.randn(LENGTH, WIDTH);
        assertThat(Ops.largestDifference(((Realisable) mixer).system(x).simulate(),
                mixer.forward(x.unsqueeze(0)).squeeze(0)))
                .isLessThan(1e-5);
    }

    @Test
    void tensorPowersMultiplyToTheTruncatedExponential() {
        Tensor q = torch.randn(5, 3);
        Tensor k = torch.randn(5, 3);
        Tensor logits = q.matmul(k.t()).div(new Scalar(Math.sqrt(3)));
        Tensor expected = logits.mul(logits).div(new Scalar(2)).add(logits).add(new Scalar(1));
        Tensor features = TensorPowers.of(q, 2).matmul(TensorPowers.of(k, 2).t());
        assertThat(TensorPowers.count(3, 2)).isEqualTo(TensorPowers.of(q, 2).size(1)).isEqualTo(13);
        assertThat(Ops.largestDifference(features, expected)).isLessThan(1e-5);
        assertThat(TensorPowers.orderWithin(3, 40)).isEqualTo(3);
    }

    /** prod_{k=j+1..i} eta_{k-1} / eta_k = eta_j / eta_i. */
    @Test
    void normaliserRatiosTelescope() {
        Tensor logEta = torch.randn(LENGTH);
        Tensor ratios = AttentionSystem.ratios(logEta);
        assertThat(ratios.select(0, 0).item_double()).isEqualTo(1);
        assertThat(ratios.narrow(0, 4, 6).prod().item_double())
                .isCloseTo(logEta.select(0, 3).sub(logEta.select(0, 9)).exp().item_double(), within(1e-5));
    }

    /** The paper's condition for equivalence: forgetting by one scalar a token is the ratio of a normaliser. */
    @Test
    void scalarForgettingAndANormaliserAreTheSame() {
        Tensor q = torch.randn(LENGTH, 4);
        Tensor k = torch.randn(LENGTH, 4);
        Tensor v = torch.randn(LENGTH, 3);
        Tensor forget = torch.rand(LENGTH).mul(new Scalar(0.5)).add(new Scalar(0.5));
        Tensor logEta = forget.log().cumsum(0).neg(); // eta_i = 1 / prod_{k<=i} forget_k
        // B_i of the state space is k_i itself; the normaliser divides it by eta_i, so keys are scaled up alike
        LinearSystem attention = AttentionSystem.of(q, k.mul(logEta.exp().unsqueeze(1)), v, logEta);
        LinearSystem unit = AttentionSystem.of(q, k, v, torch.zeros(LENGTH));
        Tensor gates = forget.unsqueeze(1).expand_as(unit.gates());
        LinearSystem stateSpace = LinearSystem.of(v, gates, unit.writes(), unit.reads());
        assertThat(Ops.largestDifference(attention.simulate(), stateSpace.simulate())).isLessThan(1e-4);
    }

    /** exp(-alpha softplus(z)) = sigmoid(-z)^alpha. */
    @Test
    void stateSpacesForgetWithAReversedSigmoid() {
        Tensor z = torch.linspace(new Scalar(-30), new Scalar(30), 61);
        Tensor left = torch.softplus(z).mul(new Scalar(-1.7)).exp();
        assertThat(Ops.largestDifference(left, torch.log_sigmoid(z.neg()).mul(new Scalar(1.7)).exp())).isLessThan(1e-6);
    }

    @Test
    void equalRatesAreCountedOnce() {
        Tensor gates = Ops.of(new float[] {0.5f, 0.5f, 0.2f, 0.1f, 0.1f, 0.2f}, 2, 3);
        LinearSystem system = LinearSystem.of(torch.ones(2, 1), gates, torch.ones(2, 3, 1), torch.ones(2, 1, 3));
        assertThat(system.forgetRates()).isEqualTo(2);
        assertThat(Ops.doubles(system.simulate())).containsExactly(new double[] {3, 3 + 0.1 + 0.1 + 0.2}, within(1e-6));
    }

    private static SequenceMixer mixer(String text, int heads) {
        MixerSpec spec = MixerSpec.parse(text);
        SequenceMixer mixer = Mixers.build(spec, MixerConfig.of(WIDTH, heads));
        mixer.eval();
        var parameters = mixer.parameters();
        for (long i = 0; i < parameters.size(); i++) {
            if (parameters.get(i).dim() > 1) {
                parameters.get(i).mul_(new Scalar(6));
            }
        }
        return mixer;
    }
}
