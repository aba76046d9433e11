package io.heed.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.NeighborhoodSpec;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class NeighborhoodFormsTest {
    private PointerScope scope;

    @BeforeEach
    void openScope() {
        scope = new PointerScope();
        Seeds.seedTorch(5, "neighborhood", 0);
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    static Stream<NeighborhoodSpec> specs() {
        boolean[] causalFirst = {true, false, false};
        return Stream.of(
                NeighborhoodSpec.of(ints(1), 1),
                NeighborhoodSpec.of(ints(23), 5),
                NeighborhoodSpec.of(ints(211), 6).withStride(3),
                NeighborhoodSpec.of(ints(500), 150),
                NeighborhoodSpec.of(ints(14), 4).withDilation(3).withCausal(true),
                NeighborhoodSpec.of(ints(29), 7).withStride(4).withDilation(2).withCausal(true),
                NeighborhoodSpec.of(ints(7, 9), 3, 5).withDilation(2, 1),
                NeighborhoodSpec.of(ints(40, 37), 7, 7).withScale(0.7f),
                NeighborhoodSpec.of(ints(12, 13), 4, 3).withStride(2, 3).withDilation(3, 2),
                NeighborhoodSpec.of(ints(11, 10), 11, 10),
                NeighborhoodSpec.of(ints(3, 160), 1, 90),
                NeighborhoodSpec.of(ints(6, 9, 8), 3, 4, 3).withStride(1, 2, 1).withCausal(causalFirst),
                NeighborhoodSpec.of(ints(10, 11, 13), 5, 3, 4).withDilation(2, 3, 1),
                NeighborhoodSpec.of(ints(5, 6, 7), 1, 1, 3).withCausal(false, false, true));
    }

    @ParameterizedTest
    @MethodSource("specs")
    void fusedGatheredAndDenseAgree(NeighborhoodSpec spec) {
        Inputs in = new Inputs(spec, 2, 20, 9, false);
        ComposedNeighborhood composed = new ComposedNeighborhood(spec);
        NeighborhoodResult gathered = composed.apply(in.q, in.k, in.v, null);
        NeighborhoodResult fused = FusedNeighborhood.apply(in.q, in.k, in.v, null, spec);
        Tensor logits = in.q.mul(new Scalar((double) spec.scaleFor(20))).matmul(in.k.transpose(-2, -1));
        Tensor dense = Ops.fill(logits, composed.mask(), Double.NEGATIVE_INFINITY);
        assertClose("gathered out", gathered.out(), dense.softmax(-1).matmul(in.v), 1e-5);
        assertClose("gathered lse", gathered.lse(), dense.logsumexp(-1), 1e-5);
        assertClose("fused out", fused.out(), gathered.out(), 1e-5);
        assertClose("fused lse", fused.lse(), gathered.lse(), 1e-5);
        assertClose("rows of weights", composed.weights(in.q, in.k, null, 0, spec.tokens()), dense.softmax(-1), 1e-5);
    }

    @ParameterizedTest
    @MethodSource("specs")
    void gradientsAgreeThroughOutputAndLogSumExp(NeighborhoodSpec spec) {
        for (boolean biased : new boolean[] {false, true}) {
            List<List<Tensor>> results = new ArrayList<>();
            for (Form form : List.of(Form.REFERENCE, Form.FUSED)) {
                Seeds.seedTorch(6, "neighborhood", 0);
                Inputs in = new Inputs(spec, 2, 12, 20, biased);
                Tensor table = biased ? in.table : null;
                NeighborhoodResult result = form == Form.FUSED ? FusedNeighborhood.apply(in.q, in.k, in.v, table, spec)
                        : new ComposedNeighborhood(spec).apply(in.q, in.k, in.v, table);
                result.out().mul(torch.randn(result.out().shape())).sum()
                        .add(result.lse().mul(torch.randn(result.lse().shape())).sum()).backward();
                List<Tensor> all = new ArrayList<>(List.of(result.out(), in.q.grad(), in.k.grad(), in.v.grad()));
                if (biased) {
                    all.add(in.table.grad());
                }
                results.add(all);
            }
            String[] names = {"out", "dq", "dk", "dv", "dtable"};
            for (int i = 0; i < results.get(0).size(); i++) {
                assertClose(names[i], results.get(1).get(i), results.get(0).get(i), 2e-5);
            }
        }
    }

    @Test
    void aWindowAsLargeAsTheGridIsFullAttentionAndOneOfOneIsTheValue() {
        NeighborhoodSpec whole = NeighborhoodSpec.of(ints(9, 8), 9, 8);
        Inputs in = new Inputs(whole, 3, 16, 16, false);
        assertClose("full", FusedNeighborhood.apply(in.q, in.k, in.v, null, whole).out(),
                ComposedAttention.apply(in.q, in.k, in.v, AttentionSpec.softmax()), 1e-5);
        assertClose("value", FusedNeighborhood.apply(in.q, in.k, in.v, null, NeighborhoodSpec.of(ints(9, 8), 1, 1))
                .out(), in.v, 1e-6);
    }

    @Test
    void aStrideOfTheKernelIsBlockedAttention() {
        NeighborhoodSpec blocked = NeighborhoodSpec.of(ints(12), 4).withStride(4);
        Inputs in = new Inputs(blocked, 2, 8, 8, false);
        Tensor blocks = ComposedAttention.apply(in.q.unflatten(2, 3, 4).flatten(1, 2),
                in.k.unflatten(2, 3, 4).flatten(1, 2), in.v.unflatten(2, 3, 4).flatten(1, 2), AttentionSpec.softmax());
        assertClose("blocks", FusedNeighborhood.apply(in.q, in.k, in.v, null, blocked).out(),
                blocks.unflatten(1, 2, 3).flatten(2, 3), 1e-5);
    }

    @Test
    void theLargestDilationIsStridedGlobalAttention() {
        NeighborhoodSpec spec = NeighborhoodSpec.of(ints(12), 4).withDilation(3);
        Inputs in = new Inputs(spec, 2, 8, 8, false);
        Tensor out = FusedNeighborhood.apply(in.q, in.k, in.v, null, spec).out();
        for (int group = 0; group < 3; group++) {
            assertClose("group " + group, Ops.slice(out, 2, group, 12, 3),
                    ComposedAttention.apply(Ops.slice(in.q, 2, group, 12, 3), Ops.slice(in.k, 2, group, 12, 3),
                            Ops.slice(in.v, 2, group, 12, 3), AttentionSpec.softmax()), 1e-5);
        }
    }

    @Test
    void aMovedInputMovesTheOutputAwayFromTheBorders() {
        NeighborhoodSpec spec = NeighborhoodSpec.of(ints(16, 16), 5, 5);
        Inputs in = new Inputs(spec, 1, 8, 8, false);
        Tensor out = FusedNeighborhood.apply(in.q, in.k, in.v, null, spec).out();
        Tensor moved = FusedNeighborhood.apply(in.q.roll(new long[] {17}, 2), in.k.roll(new long[] {17}, 2),
                in.v.roll(new long[] {17}, 2), null, spec).out();
        Tensor inner = out.unflatten(2, 16, 16).narrow(2, 3, 9).narrow(3, 3, 9);
        assertClose("inner tokens", moved.unflatten(2, 16, 16).narrow(2, 4, 9).narrow(3, 4, 9), inner, 1e-5);
    }

    @Test
    void headsOfAPackedProjectionAreReadWithoutACopyAndGiveTheSame() {
        NeighborhoodSpec spec = NeighborhoodSpec.of(ints(6, 7), 3, 3);
        Tensor packed = torch.randn(2, 42, 3 * 2 * 8);
        Tensor[] heads = Heads.unpack(packed, 2, 2);
        assertClose("packed", FusedNeighborhood.apply(heads[0], heads[1], heads[2], null, spec).out(),
                FusedNeighborhood.apply(heads[0].contiguous(), heads[1].contiguous(), heads[2].contiguous(), null, spec)
                        .out(), 1e-6);
    }

    @Test
    void whatDoesNotFitIsNamed() {
        assertThatThrownBy(() -> NeighborhoodSpec.of(ints(7, 5), 3, 7))
                .hasMessage("axis 1 of the grid 7x5: kernel 7 with"
                + " dilation 1 spans 7 positions, the axis has 5: take a smaller kernel or dilation, or a larger grid");
        assertThatThrownBy(() -> NeighborhoodSpec.of(ints(7), 3).withDilation(3))
                .hasMessageContaining("spans 9 positions");
        assertThatThrownBy(() -> NeighborhoodSpec.of(ints(7), 3).withStride(4))
                .hasMessageContaining("stride 4 must be 1 to the kernel size 3");
        assertThatThrownBy(() -> NeighborhoodSpec.of(ints(7), 3, 3)).hasMessageContaining("needs as many kernel sizes");
        NeighborhoodSpec spec = NeighborhoodSpec.of(ints(7), 3);
        Inputs in = new Inputs(NeighborhoodSpec.of(ints(8), 3), 1, 4, 4, false);
        assertThatThrownBy(() -> FusedNeighborhood.apply(in.q, in.k, in.v, null, spec))
                .hasMessage("q rows is 8, must be 7");
    }

    private static final class Inputs {
        final Tensor q;
        final Tensor k;
        final Tensor v;
        final Tensor table;

        Inputs(NeighborhoodSpec spec, int heads, int width, int valueWidth, boolean biased) {
            q = torch.randn(2, heads, spec.tokens(), width).requires_grad_(true);
            k = torch.randn(2, heads, spec.tokens(), width).requires_grad_(true);
            v = torch.randn(2, heads, spec.tokens(), valueWidth).requires_grad_(true);
            long[] shape = new long[spec.rank() + 1];
            shape[0] = heads;
            for (int a = 0; a < spec.rank(); a++) {
                shape[a + 1] = 2L * spec.kernel()[a] - 1;
            }
            table = biased ? torch.randn(shape).requires_grad_(true) : null;
        }
    }

    private static int[] ints(int... values) {
        return values;
    }

    private static void assertClose(String what, Tensor actual, Tensor expected, double tolerance) {
        assertThat(actual.shape()).as(what).containsExactly(expected.shape());
        double largest = Math.max(1, expected.abs().max().item_double());
        assertThat(Ops.largestDifference(actual, expected) / largest).as(what).isLessThanOrEqualTo(tolerance);
    }
}
