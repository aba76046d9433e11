package io.heed.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.KeyLists;
import io.heed.kernels.Mask;
import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class GatheredAttentionTest {
    private PointerScope scope;

    @BeforeEach
    void open() {
        scope = new PointerScope();
        torch.manual_seed(9);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void theKernelEqualsTheComposedGather() {
        record Size(int batch, int heads, int kvHeads, int queries, int keys, int width, int valueWidth, int block,
                int patterns,
                    boolean seen) { }

        for (Size s : List.of(new Size(2, 4, 2, 37, 53, 16, 24, 5, 8, true),
                new Size(1, 2, 2, 64, 500, 64, 64, 16, 2, false),
                new Size(2, 2, 1, 33, 40, 7, 9, 33, 1, true), new Size(1, 1, 1, 200, 300, 20, 20, 150, 1, true),
                new Size(1, 3, 3, 9, 12, 32, 32, 1, 3, true),
                new Size(2, 2, 1, 130, 500, 20, 9, 1, 4, true), new Size(1, 2, 2, 70, 450, 16, 24, 1, 1, false))) {
            Tensor q = torch.randn(s.batch, s.heads, s.queries, s.width);
            Tensor k = torch.randn(s.batch, s.kvHeads, s.keys, s.width);
            Tensor v = torch.randn(s.batch, s.kvHeads, s.keys, s.valueWidth);
            KeyLists lists = random(s.queries, s.keys, s.block, s.patterns, s.seen);
            Tensor probe = torch.randn(s.batch, s.heads, s.queries, s.valueWidth);
            List<List<Tensor>> results = new ArrayList<>();
            for (Form form : List.of(Form.REFERENCE, Form.FUSED)) {
                Tensor[] in = {q.clone().requires_grad_(true), k.clone().requires_grad_(true), v.clone()
                        .requires_grad_(true)};
                Tensor out = GatheredAttention.apply(in[0], in[1], in[2], lists, 0.5, form);
                out.mul(probe).sum().backward();
                results.add(List.of(out, in[0].grad(), in[1].grad(), in[2].grad()));
            }
            for (int i = 0; i < 4; i++) {
                double size = Math.max(1, results.get(0).get(i).abs().max().item_double());
                assertThat(Ops.largestDifference(results.get(0).get(i), results.get(1).get(i)) / size)
                        .as("%s, result %d", s, i).isLessThan(2e-5);
            }
        }
    }

    @Test
    void listsOfAllEarlierKeysAreCausalAttention() {
        int n = 70;
        int block = 16;
        Tensor q = torch.randn(2, 2, n, 16);
        Tensor k = torch.randn(2, 2, n, 16);
        Tensor v = torch.randn(2, 2, n, 16);
        int[] offsets = new int[(n + block - 1) / block + 1];
        List<Integer> keys = new ArrayList<>();
        for (int a = 0; a + 1 < offsets.length; a++) {
            IntStream.range(0, Math.min(n, (a + 1) * block)).forEach(keys::add);
            offsets[a + 1] = keys.size();
        }
        KeyLists lists = KeyLists.of(block, offsets, keys.stream().mapToInt(Integer::intValue).toArray())
                .withSeen(IntStream.rangeClosed(1, n).toArray());
        Tensor expected = ComposedAttention.apply(q, k, v, AttentionSpec.softmax().withMask(Mask.causal()));
        for (Form form : List.of(Form.REFERENCE, Form.FUSED)) {
            assertThat(Ops.largestDifference(GatheredAttention.apply(q, k, v, lists, 0.25, form), expected))
                    .isLessThan(1e-5);
        }
    }

    @Test
    void aKeyNamedTwiceCountsTwiceAndAQueryThatSeesNothingGetsZero() {
        Tensor q = torch.zeros(1, 1, 2, 4);
        Tensor k = torch.randn(1, 1, 3, 4);
        Tensor v = Ops.of(new float[] {1, 4, 7}, 1, 1, 3, 1);
        KeyLists lists = new KeyLists(2, new int[] {0, 3}, new int[] {2, 0, 2}, new int[] {3, 0});
        for (Form form : List.of(Form.REFERENCE, Form.FUSED)) {
            float[] out = Ops.floats(GatheredAttention.apply(q, k, v, lists, 1, form));
            assertThat(out[0]).as("(7 + 1 + 7) / 3").isEqualTo(5);
            assertThat(out[1]).isZero();
        }
    }

    @Test
    void listsThatDoNotFitAreRefused() {
        Tensor x = torch.randn(1, 2, 6, 4);
        KeyLists outside = KeyLists.equal(3, 1, new int[] {0, 6});
        assertThatThrownBy(() -> GatheredAttention.apply(x, x, x, outside, 1, Form.FUSED))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("key 6 is not among 6");
        KeyLists few = KeyLists.equal(2, 1, new int[] {0, 1, 2, 3});
        assertThatThrownBy(() -> GatheredAttention.apply(x, x, x, few, 1, Form.FUSED))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("lists for 3 blocks");
        assertThatThrownBy(() -> KeyLists.equal(2, 2, new int[] {0, 1, 2}))
                .hasMessageContaining("3 keys are not lists of 2");
    }

    private static KeyLists random(int queries, int keys, int block, int patterns, boolean seen) {
        SplittableRandom random = new SplittableRandom(queries);
        int blocks = (queries + block - 1) / block;
        int[] offsets = new int[patterns * blocks + 1];
        List<Integer> all = new ArrayList<>();
        int[] seenBy = new int[patterns * queries];
        for (int row = 0; row < patterns * blocks; row++) {
            int length = random.nextInt(keys);
            for (int t = 0; t < length; t++) {
                all.add(random.nextInt(keys));
            }
            offsets[row + 1] = all.size();
            for (int r = 0; r < block && row % blocks * block + r < queries; r++) {
                seenBy[row / blocks * queries + row % blocks * block + r] = length == 0 ? 0
                        : random.nextInt(length + 1);
            }
        }
        KeyLists lists = KeyLists.of(block, offsets, all.stream().mapToInt(Integer::intValue).toArray());
        return seen ? lists.withSeen(seenBy) : lists;
    }
}
