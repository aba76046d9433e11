package io.heed.sequence.cab;

import java.util.Optional;
import java.util.Set;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Padding;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.Pattern;
import io.heed.tensor.Ops;

/**
 * Linear attention whose weights fall with distance like a cosine (Qin et al., cosFormer, arXiv 2202.08791):
 *
 * <pre>
 *   weight(i, j) = relu(q_i) . relu(k_j) cos(pi (i - j) / (2 m)),   m the longer of the two sequences, positions from 1
 * </pre>
 *
 * by features [x sin(pi t / 2m), x cos(pi t / 2m)]; sums of weights below 1e-6 count as that.
 */
final class CosFormer extends LowRankAttention {
    private static final double LEAST_SUM = 1e-6;

    CosFormer(Sizes sizes) {
        super("cosformer", sizes, Set.of(Pattern.NONCAUSAL_SELF, Pattern.NONCAUSAL_CROSS));
    }

    static CosFormer of(MixerConfig config) {
        return new CosFormer(Sizes.of(config, "cosformer"));
    }

    /** Weights fall with distance. */
    @Override
    public boolean carriesOrder() {
        return true;
    }

    /** Queries meet the sums of the keys' features, (B, H, 2 d, 1). */
    @Override
    Summary summarise(Call call) {
        Tensor features = features(call.k(), longest(call));
        Tensor phi = call.keys().map(padding -> Ops.fill(features, padding.mask().unsqueeze(1).unsqueeze(-1), 0))
                .orElse(features);
        return new Summary(phi.sum(new long[] {2}, false, null).unsqueeze(-1), phi.transpose(2, 3));
    }

    @Override
    Tensor left(Call call, Tensor keys) {
        Tensor phi = features(call.q(), longest(call));
        return phi.div(phi.matmul(keys).clamp_min(new Scalar(LEAST_SUM)));
    }

    /** m of every sequence, padding not counted: (B, 1, 1, 1), or (1). */
    private static Tensor longest(Call call) {
        return torch.maximum(length(call.queries(), call.q()), length(call.keys(), call.k()));
    }

    /** The last real position. */
    private static Tensor length(Optional<Padding> padding, Tensor heads) {
        long length = heads.size(2);
        if (padding.isEmpty()) {
            return torch.full(new long[] {1}, new Scalar((double) length), heads.detach().options());
        }
        Tensor real = padding.get().mask().logical_not().to(heads.device(), Ops.type(heads)); // (B, n)
        return real.mul(positions(length, heads)).amax(new long[] {1}, false).clamp_min(new Scalar(1))
                .view(-1, 1, 1, 1);
    }

    private static Tensor positions(long length, Tensor like) {
        return torch.arange(new Scalar(1), new Scalar(length + 1), like.detach().options());
    }

    /** (B, H, n, 2 d). */
    private static Tensor features(Tensor x, Tensor longest) {
        Tensor angle = Ops.scale(positions(x.size(2), x).view(1, 1, -1, 1).div(longest), Math.PI / 2);
        Tensor positive = x.relu();
        return Ops.cat(3, positive.mul(angle.sin()), positive.mul(angle.cos()));
    }
}
