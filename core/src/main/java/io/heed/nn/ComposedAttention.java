package io.heed.nn;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;

import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.LayoutOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Bias;
import io.heed.kernels.KeyPadding;
import io.heed.kernels.Mask;
import io.heed.tensor.Ops;

/**
 * Attention in libtorch operations, as the equations are written; it makes the whole matrix of weights. On any device
 * and floating type. {@link FusedAttention} computes the same.
 *
 * <pre>
 *   s_ij = scale * q_i . k_j + bias_ij + logitBias       for visible j
 *   P    = normalizer(s),  0 for hidden j
 *   out  = P v
 * </pre>
 */
public final class ComposedAttention {
    private ComposedAttention() { }

    /**
     * P v.
     *
     * @param q    (B, H, Nq, d)
     * @param k    (B, G, Nk, d), H a multiple of G: query head h uses key/value head h / (H / G)
     * @param v    (B, G, Nk, e)
     * @param spec what is computed
     * @return (B, H, Nq, e)
     */
    public static Tensor apply(Tensor q, Tensor k, Tensor v, AttentionSpec spec) {
        return apply(weights(q, k, spec), v);
    }

    /** P v of given weights P (B, H, Nq, Nk). */
    public static Tensor apply(Tensor weights, Tensor v) {
        return weights.matmul(Heads.repeat(v, weights.size(1)));
    }

    /** The attention matrix P (B, H, Nq, Nk). */
    public static Tensor weights(Tensor q, Tensor k, AttentionSpec spec) {
        Tensor logits = logits(q, k, spec);
        Tensor hidden = hidden(q, k, spec);
        return switch (spec.normalizer()) {
            // a row that sees no key is NaN after softmax; it is hidden everywhere, so the second fill makes it 0
            case SOFTMAX -> hidden == null ? logits.softmax(-1)
                    : Ops.fill(Ops.fill(logits, hidden, Double.NEGATIVE_INFINITY).softmax(-1), hidden, 0);
            case SIGMOID -> hidden == null ? logits.sigmoid() : Ops.fill(logits.sigmoid(), hidden, 0);
        };
    }

    /** The logits s (B, H, Nq, Nk), hidden keys included. */
    public static Tensor logits(Tensor q, Tensor k, AttentionSpec spec) {
        double scale = Float.isNaN(spec.scale()) ? 1 / Math.sqrt(q.size(-1)) : spec.scale();
        Tensor logits = q.mul(new Scalar(scale)).matmul(Heads.repeat(k, q.size(1)).transpose(-2, -1));
        switch (spec.bias()) {
            case Bias.None _ -> { }
            case Bias.Alibi alibi -> logits = logits.add(alibi(alibi, q, k));
            case Bias.RelativeTable _, Bias.Dense _ -> throw new IllegalArgumentException(
                    "a bias in memory has no gradient: add it to the logits as a tensor");
        }
        return spec.logitBias() == 0 ? logits : logits.add(new Scalar(spec.logitBias()));
    }

    /** Where a query does not see a key: bool, broadcasts to (B, H, Nq, Nk); null where all see all. */
    private static Tensor hidden(Tensor q, Tensor k, AttentionSpec spec) {
        Tensor byPosition = hiddenByMask(spec.mask(), q, k);
        Tensor byPadding = hiddenByPadding(spec.padding(), q, k);
        if (byPosition == null || byPadding == null) {
            return byPosition == null ? byPadding : byPosition;
        }
        return byPosition.logical_or(byPadding);
    }

    private static Tensor hiddenByMask(Mask mask, Tensor q, Tensor k) {
        return switch (mask) {
            case Mask.Full _ -> null;
            case Mask.Causal causal -> distances(q, k, causal.offset()).gt(new Scalar(0));
            case Mask.SlidingWindow window -> {
                Tensor distance = distances(q, k, window.offset());
                yield distance.lt(new Scalar(-window.left())).logical_or(distance.gt(new Scalar(window.right())));
            }
            case Mask.Placed placed -> positions(k)
                    .gt(Ops.of(Arrays.stream(placed.positions()).asLongStream().toArray(),
                    q.size(0), 1, q.size(2), 1).to(q.device(), ScalarType.Long));
            case Mask.BlockSparse sparse -> {
                Tensor hidden = visibleBlocks(sparse, q, k).logical_not();
                yield sparse.causal() ? hidden.logical_or(distances(q, k, sparse.offset()).gt(new Scalar(0))) : hidden;
            }
        };
    }

    /** j - (i + offset), (Nq, Nk) int64. */
    private static Tensor distances(Tensor q, Tensor k, long offset) {
        Tensor i = positions(q).add(new Scalar(offset));
        return positions(k).unsqueeze(0).sub(i.unsqueeze(1));
    }

    private static Tensor positions(Tensor rows) {
        return torch.arange(new Scalar(rows.size(2)), new ScalarTypeOptional(ScalarType.Long), new LayoutOptional(),
                new DeviceOptional(rows.device()), new BoolOptional());
    }

    /** (1 or H, Nq, Nk) bool. */
    private static Tensor visibleBlocks(Mask.BlockSparse sparse, Tensor q, Tensor k) {
        int keyBlocks = Math.toIntExact((k.size(2) + sparse.keyBlock() - 1) / sparse.keyBlock());
        int[] offsets = sparse.offsets();
        int[] blocks = sparse.blocks();
        int rows = offsets.length - 1;
        boolean[] visible = new boolean[rows * keyBlocks];
        for (int row = 0; row < rows; row++) {
            for (int at = offsets[row]; at < offsets[row + 1]; at++) {
                visible[row * keyBlocks + blocks[at]] = true;
            }
        }
        long heads = rows / sparse.queryBlocks();
        return Ops.of(visible, heads, sparse.queryBlocks(), keyBlocks).to(q.device(), ScalarType.Bool)
                .repeat_interleave(sparse.queryBlock(), longOptional(1), empty()).narrow(1, 0, q.size(2))
                .repeat_interleave(sparse.keyBlock(), longOptional(2), empty()).narrow(2, 0, k.size(2));
    }

    private static Tensor hiddenByPadding(KeyPadding padding, Tensor q, Tensor k) {
        return switch (padding) {
            case KeyPadding.None _ -> null;
            case KeyPadding.Lengths given -> {
                int[] lengths = given.lengths();
                Tensor length = Ops.of(Arrays.stream(lengths).asLongStream().toArray()).to(k.device(), ScalarType.Long);
                yield positions(k).ge(length.unsqueeze(1)).unsqueeze(1).unsqueeze(1); // (B, 1, 1, Nk)
            }
            case KeyPadding.Flags flags -> {
                byte[] exists = flags.exists().toArray(ValueLayout.JAVA_BYTE);
                boolean[] hidden = new boolean[Math.toIntExact(k.size(0) * k.size(2))];
                for (int i = 0; i < hidden.length; i++) {
                    hidden[i] = exists[i] == 0;
                }
                yield Ops.of(hidden, k.size(0), 1, 1, k.size(2)).to(k.device(), ScalarType.Bool);
            }
        };
    }

    private static Tensor alibi(Bias.Alibi alibi, Tensor q, Tensor k) {
        float[] slopes = alibi.slopes();
        Tensor slope = Ops.of(slopes, slopes.length, 1, 1).to(q.device(), Ops.type(q));
        return slope.mul(distances(q, k, alibi.offset()));
    }

    private static LongOptional longOptional(long value) {
        return new LongOptional(value);
    }

    private static LongOptional empty() {
        return new LongOptional();
    }
}
