package io.heed.sequence.cab;

import java.util.Optional;
import java.util.Set;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Padding;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.Pattern;
import io.heed.tensor.Ops;

/**
 * Softmax attention through the means of C segments of queries and of keys (Xiong et al., Nystromformer, arXiv
 * 2102.03902):
 *
 * <pre>
 *   y = softmax(q Lk^T) pinv(softmax(Lq Lk^T)) softmax(Lq k^T) v      q and k both over sqrt(d), as in its code
 *   pinv: Z = K^T / max column sum, six times Z = Z / 4 (13 I - K Z (15 I - K Z (7 I - K Z)))
 * </pre>
 *
 * Where n is no multiple of C the last segments are one token longer. Sequences of at most C tokens are attended to in
 * full.
 */
final class NystromAttention extends LowRankAttention {
    private static final int ITERATIONS = 6;

    /**
     * Which tokens take part in what: in the benchmark's code the pseudo-inverse starts from the largest column sum of
     * the whole batch, and padded tokens count as zeros in the means; otherwise sequences do not touch each other and
     * padding does not count.
     */
    enum Scope { SEQUENCE, BATCH }

    private final int landmarks;
    private final Scope scope;

    /** @param landmarks C */
    NystromAttention(Sizes sizes, int landmarks, Scope scope) {
        super("nystromformer", sizes, Set.of(Pattern.NONCAUSAL_SELF));
        if (landmarks < 1) {
            throw new IllegalArgumentException("landmarks " + landmarks + " must be at least 1");
        }
        this.landmarks = landmarks;
        this.scope = scope;
    }

    static NystromAttention of(MixerConfig config) {
        return new NystromAttention(Sizes.of(config, "nystromformer"), MixerOptions.of(config).integer("landmarks", 16),
                Scope.SEQUENCE);
    }

    @Override
    Tensor mix(Call call, MixerContext context) {
        Optional<Padding> padding = call.keys();
        long length = call.q().size(2);
        double root = 1 / Math.sqrt(sizes().headWidth());
        Tensor shown = padding.isEmpty() ? null : padding.get().mask().logical_not().unsqueeze(1).unsqueeze(-1);
        Call scaled = new Call(Ops.scale(call.q(), root),
                Ops.scale(shown == null ? call.k() : call.k().mul(shown), root),
                shown == null ? call.v() : call.v().mul(shown), call.queries(), padding, false);
        if (length <= landmarks) {
            return full(scaled);
        }
        Tensor low = super.mix(scaled, context);
        Tensor few = few(padding);
        return few == null ? low : torch.where(few, full(scaled), low);
    }

    /** softmax(q k^T) v, with both already scaled. */
    private static Tensor full(Call call) {
        return Ops.maskedSoftmax(hidden(call.q().matmul(call.k().transpose(2, 3)), call.keys()), -1).matmul(call.v());
    }

    private static Tensor hidden(Tensor logits, Optional<Padding> padding) {
        return padding.map(p -> Ops.fill(logits, p.mask().unsqueeze(1).unsqueeze(1), Double.NEGATIVE_INFINITY))
                .orElse(logits);
    }

    /** Sequences with no more real tokens than landmarks, (B, 1, 1, 1); null where there are none. */
    private Tensor few(Optional<Padding> padding) {
        if (scope == Scope.BATCH || padding.isEmpty()) {
            return null;
        }
        Tensor few = padding.get().mask().logical_not().sum(new long[] {1}, false, null).le(new Scalar(landmarks));
        return few.any().item_bool() ? few.view(-1, 1, 1, 1) : null;
    }

    @Override
    Summary summarise(Call call) {
        // (B or 1, 1, C, n)
        Optional<Padding> counted = scope == Scope.BATCH ? Optional.empty() : call.keys();
        Tensor means = SegmentMeans.of(landmarks, (int) call.k().size(2), counted)
                .to(call.k().device(), Ops.type(call.k()));
        Tensor keys = means.matmul(call.k());
        Tensor queries = means.matmul(call.q());
        Tensor middle = torch.softmax(queries.matmul(keys.transpose(2, 3)), -1);
        Tensor right = Ops.maskedSoftmax(hidden(queries.matmul(call.k().transpose(2, 3)), call.keys()), -1);
        return new Summary(keys, inverse(middle).matmul(right));
    }

    @Override
    Tensor left(Call call, Tensor keys) {
        return torch.softmax(call.q().matmul(keys.transpose(2, 3)), -1);
    }

    /** The pseudo-inverse of (B, H, C, C) matrices of positive rows that sum to one. */
    private Tensor inverse(Tensor matrix) {
        Tensor identity = torch.eye(landmarks, matrix.options());
        Tensor sums = matrix.sum(new long[] {2}, true, null); // (B, H, 1, C)
        Tensor largest = scope == Scope.BATCH ? sums.max() : sums.amax(new long[] {3}, true);
        Tensor z = matrix.transpose(2, 3).div(largest);
        for (int i = 0; i < ITERATIONS; i++) {
            Tensor product = matrix.matmul(z);
            Tensor inner = Ops.scale(identity, 15).sub(product.matmul(Ops.scale(identity, 7).sub(product)));
            z = Ops.scale(z, 0.25).matmul(Ops.scale(identity, 13).sub(product.matmul(inner)));
        }
        return z;
    }
}
