package io.heed.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Bias;
import io.heed.kernels.KeyPadding;
import io.heed.kernels.Mask;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The fused and the composed form compute the same, gradients too, for every kind of spec. */
class AttentionFormsTest {
    private static final int BATCH = 2;
    private static final int HEADS = 4;
    private static final int QUERIES = 21;
    private static final int KEYS = 37;

    private PointerScope scope;

    @BeforeEach
    void openScope() {
        scope = new PointerScope();
        Seeds.seedTorch(5, "attention", 0);
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    static Stream<AttentionSpec> specs() {
        float[] slopes = new float[HEADS];
        for (int h = 0; h < HEADS; h++) {
            slopes[h] = (float) Alibi.slopes(HEADS)[h];
        }
        List<AttentionSpec> specs = new ArrayList<>();
        for (AttentionSpec base : List.of(AttentionSpec.softmax(), AttentionSpec.sigmoid().withLogitBias(-3.6f))) {
            specs.add(base);
            specs.add(base.withScale(0.3f).withMask(Mask.causal(QUERIES, KEYS)));
            specs.add(base.withMask(Mask.causal()).withPadding(KeyPadding.lengths(KEYS, 9)));
            specs.add(base.withMask(Mask.slidingWindow(5, 2)).withBias(Bias.alibi(slopes)));
            specs.add(base.withMask(new Mask.BlockSparse(8, 16, 3, new int[] {0, 1, 3, 4}, new int[] {0, 0, 2, 1},
                    false, 0)));
            specs.add(base.withMask(new Mask.Placed(IntStream.range(0, 2 * QUERIES)
                    .map(at -> at / QUERIES == 0 ? at : at % QUERIES / 2 - 1).toArray())));
            specs.add(base.withPadding(KeyPadding.lengths(0, KEYS)));
        }
        return specs.stream();
    }

    @ParameterizedTest
    @MethodSource("specs")
    void fusedEqualsComposed(AttentionSpec spec) {
        // heads sliced from packed projections: strided, not contiguous
        Tensor packed = torch.randn(BATCH, QUERIES, HEADS * 8).requires_grad_(true);
        Tensor keys = torch.randn(BATCH, KEYS, 2 * (8 + 6)).requires_grad_(true);
        Tensor probe = torch.randn(BATCH, HEADS, QUERIES, 6);
        List<List<Tensor>> results = new ArrayList<>();
        for (boolean fused : new boolean[] {false, true}) {
            Tensor q = Heads.split(packed, HEADS);
            Tensor k = Heads.split(Ops.slice(keys, 2, 0, 16), 2);
            Tensor v = Heads.split(Ops.slice(keys, 2, 16, 28), 2);
            Tensor out = fused ? FusedAttention.apply(q, k, v, spec) : ComposedAttention.apply(q, k, v, spec);
            out.mul(probe).sum().backward();
            results.add(List.of(out, packed.grad().clone(), keys.grad().clone()));
            packed.grad().zero_();
            keys.grad().zero_();
        }
        for (int i = 0; i < 3; i++) {
            assertThat(torch.isfinite(results.get(0).get(i)).all().item_bool()).isTrue();
            assertThat(Ops.largestDifference(results.get(0).get(i), results.get(1).get(i))).as("result %d", i)
                    .isLessThan(2e-5);
        }
    }

    @Test
    void mergingFusedHeadsCopiesNothing() {
        Tensor x = torch.randn(BATCH, HEADS, QUERIES, 8);
        Tensor out = FusedAttention.apply(x, x, x, AttentionSpec.softmax());
        assertThat(Heads.merge(out).data_ptr().address()).isEqualTo(out.data_ptr().address());
    }

    @Test
    void rowsThatSeeNoKeyAreZero() {
        Tensor x = torch.randn(1, 1, 4, 8);
        AttentionSpec spec = AttentionSpec.softmax().withPadding(KeyPadding.lengths(0));
        assertThat(Ops.floats(ComposedAttention.apply(x, x, x, spec))).containsOnly(0f);
        assertThat(Ops.floats(FusedAttention.apply(x, x, x, spec))).containsOnly(0f);
    }

    @Test
    void fusedFormIsRefusedWhereItCannotRun() {
        Tensor x = torch.randn(1, 1, 4, 8).to(torch.ScalarType.Double);
        assertThat(Form.AUTO.isFused(x)).isFalse();
        assertThat(Form.AUTO.isFused(torch.randn(1))).isTrue();
        assertThat(Form.REFERENCE.isFused(torch.randn(1))).isFalse();
        assertThatThrownBy(() -> Form.FUSED.isFused(x))
                .hasMessageContaining("needs float32 tensors on the CPU, got Double");
    }
}
