package io.heed.sequence.cab;

import java.util.Set;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.Pattern;
import io.heed.tensor.Ops;

/**
 * LARA, linear randomized attention (Zheng, Wang and Kong, arXiv 2204.04667): softmax attention as an expectation over
 * random vectors, estimated from one vector for each of C proposals, which lie where segments of queries and keys meet.
 *
 * <pre>
 *   mu_c = mean of q + mean of k, over segment c          w_c = mu_c (evaluation),  mu_c + e, e ~ N(0, I) (training)
 *   log f(x, w) = (w . x - |x|^2 / 2) / sqrt(d)
 *   u_c = softmax_tokens(log f(k, w_c)) v
 *   y = softmax_c(q . mu_c / sqrt(d) + log f(q, w_c) + logsumexp_tokens log f(k, w_c) - log f(mu_c, w_c)) u
 * </pre>
 *
 * The first term of y's weights divides the work among the proposals by how near they are to the query; the others are
 * the ratio of what is estimated to what is drawn from. |q|^2 is the same for all of them and is left out.
 */
final class LaraAttention extends LowRankAttention {
    private final int landmarks;

    /** @param landmarks C */
    LaraAttention(Sizes sizes, int landmarks) {
        super("lara", sizes, Set.of(Pattern.NONCAUSAL_SELF));
        if (landmarks < 1) {
            throw new IllegalArgumentException("landmarks " + landmarks + " must be at least 1");
        }
        this.landmarks = landmarks;
    }

    static LaraAttention of(MixerConfig config) {
        return new LaraAttention(Sizes.of(config, "lara"), MixerOptions.of(config).integer("landmarks", 16));
    }

    /** Queries meet (mu + w) / sqrt(d) and a constant of each proposal: (B, H, C, d + 1). */
    @Override
    Summary summarise(Call call) {
        Tensor k = call.k();
        int length = (int) k.size(2);
        Tensor means = SegmentMeans.of(Math.min(landmarks, length), length, call.keys()).to(k.device(), Ops.type(k));
        Tensor mu = means.matmul(call.q().add(k)); // (B, H, C, d)
        Tensor w = is_training() ? mu.add(torch.randn_like(mu)) : mu;
        // (B, H, C, m)
        Tensor densities = scaled(w.matmul(k.transpose(2, 3)).sub(halfSquares(k).transpose(2, 3)));
        Tensor seen = call.keys().map(padding -> Ops.fill(densities, padding.mask().unsqueeze(1).unsqueeze(1),
                -Float.MAX_VALUE)).orElse(densities);
        Tensor own = scaled(w.mul(mu).sum(new long[] {3}, true, null).sub(halfSquares(mu)));
        Tensor constant = seen.logsumexp(new long[] {3}, true).sub(own); // (B, H, C, 1)
        Tensor empty = means.sum(new long[] {3}, true, null).eq(new Scalar(0));
        return new Summary(Ops.cat(3, scaled(mu.add(w)), Ops.fill(constant, empty, Double.NEGATIVE_INFINITY)),
                torch.softmax(seen, -1));
    }

    @Override
    Tensor left(Call call, Tensor keys) {
        long width = sizes().headWidth();
        Tensor constants = keys.narrow(3, width, 1).transpose(2, 3);
        return Ops.maskedSoftmax(call.q().matmul(keys.narrow(3, 0, width).transpose(2, 3)).add(constants), -1);
    }

    /** |x|^2 / 2, (B, H, n, 1). */
    private static Tensor halfSquares(Tensor x) {
        return Ops.scale(x.square().sum(new long[] {3}, true, null), 0.5);
    }

    private Tensor scaled(Tensor x) {
        return Ops.scale(x, 1 / Math.sqrt(sizes().headWidth()));
    }
}
