package io.heed.sequence.cab;

import java.util.Set;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Registration;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.Pattern;
import io.heed.tensor.Ops;

/**
 * Softmax attention through positive random features (Choromanski et al., Performer, arXiv 2009.14794):
 *
 * <pre>
 *   phi(x) = M^(-1/2) (exp(x' P^T - |x'|^2 / 2 - max) + 1e-4),   x' = x d^(-1/4),   P (M, d)
 *   y_i = phi(q_i) (sum_j phi(k_j) v_j^T) / max(phi(q_i) . sum_j phi(k_j), 0.1)
 * </pre>
 *
 * The maximum is over features for a query, over features and real tokens for keys; the latter is why a causal form
 * would leak. Projections have orthogonal rows in evaluation and are drawn anew, without orthogonality, at every
 * training step.
 *
 * <p>Further buffer {@code eval_proj (H, M, d)}.
 */
final class Performer extends LowRankAttention {
    private static final double FLOOR = 1e-4;
    private static final double LEAST_SUM = 0.1;

    private final int features;
    private final Tensor projections;

    /** @param features M */
    Performer(Sizes sizes, int features) {
        super("performer", sizes, Set.of(Pattern.NONCAUSAL_SELF, Pattern.NONCAUSAL_CROSS, Pattern.CAUSAL_CROSS));
        if (features < 1) {
            throw new IllegalArgumentException("features " + features + " must be at least 1");
        }
        this.features = features;
        Tensor[] heads = new Tensor[sizes.heads()];
        for (int head = 0; head < heads.length; head++) {
            heads[head] = orthogonal(features, sizes.headWidth());
        }
        projections = Registration.buffer(this, "eval_proj", Ops.stack(0, heads));
    }

    static Performer of(MixerConfig config) {
        return new Performer(Sizes.of(config, "performer"), MixerOptions.of(config).integer("features", 16));
    }

    /** Rows orthogonal in blocks of d, as long as those of a Gaussian matrix: (M, d). */
    private static Tensor orthogonal(long rows, long width) {
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor blocks = null;
            for (long made = 0; made < rows; made += width) {
                Tensor block = torch.linalg_qr(torch.randn(width, width)).get0().t()
                        .narrow(0, 0, Math.min(width, rows - made));
                blocks = blocks == null ? block : Ops.cat(0, blocks, block);
            }
            Tensor lengths = torch.randn(rows, width).square().sum(new long[] {1}, true, null).sqrt();
            return blocks.mul(lengths);
        }
    }

    /** P of every head, (H, M, d). */
    private Tensor projections() {
        if (!is_training()) {
            return projections;
        }
        return torch.randn(new long[] {sizes().heads(), features, sizes().headWidth()}, projections.options());
    }

    /** Queries meet the sums of the keys' features, and the projections that made them: (B, H, M, 1 + d). */
    @Override
    Summary summarise(Call call) {
        Tensor drawn = projections();
        Tensor products = products(call.k(), drawn);
        // (B, 1, m, 1)
        Tensor padded = call.keys().map(padding -> padding.mask().unsqueeze(1).unsqueeze(-1)).orElse(null);
        Tensor seen = padded == null ? products : Ops.fill(products, padded, -Float.MAX_VALUE);
        Tensor every = features(call.k(), products, seen.amax(new long[] {2, 3}, true));
        Tensor phi = padded == null ? every : Ops.fill(every, padded, 0);
        Tensor sums = phi.sum(new long[] {2}, false, null).unsqueeze(-1); // (B, H, M, 1)
        Tensor copies = drawn.unsqueeze(0).expand(sums.size(0), sums.size(1), features, sizes().headWidth());
        return new Summary(Ops.cat(3, sums, copies), phi.transpose(2, 3));
    }

    @Override
    Tensor left(Call call, Tensor keys) {
        Tensor products = products(call.q(), keys.narrow(3, 1, sizes().headWidth()));
        Tensor phi = features(call.q(), products, products.amax(new long[] {3}, true));
        Tensor sums = phi.matmul(keys.narrow(3, 0, 1)); // (B, H, n, 1)
        return phi.div(sums.clamp_min(new Scalar(LEAST_SUM)));
    }

    /** x' P^T, (B, H, n, M). */
    private Tensor products(Tensor x, Tensor projections) {
        return scaled(x).matmul(projections.transpose(-1, -2));
    }

    private Tensor scaled(Tensor x) {
        return Ops.scale(x, Math.pow(sizes().headWidth(), -0.25));
    }

    /** phi(x), (B, H, n, M). */
    private Tensor features(Tensor x, Tensor products, Tensor maximum) {
        Tensor halfSquares = scaled(x).square().sum(new long[] {3}, true, null).div(new Scalar(2));
        Tensor exponentials = products.sub(halfSquares).sub(maximum).exp();
        return Ops.scale(Ops.shift(exponentials, FLOOR), Math.pow(features, -0.5));
    }
}
