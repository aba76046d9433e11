package io.heed.sequence.titans;

import java.util.Optional;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.nn.FusedAttention;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.nn.PartialAttention;
import io.heed.tensor.Ops;

/**
 * The attention of the three blocks: H heads, scale 1 / sqrt(d), no positions, and tokens in front that every query
 * sees.
 *
 * <p>Parameters {@code to_q|to_k|to_v|to_out.weight (D, D)}, registered with the module that owns it.
 */
final class WindowAttention {
    private final int heads;
    private final LinearImpl query;
    private final LinearImpl key;
    private final LinearImpl value;
    private final LinearImpl out;

    WindowAttention(Module owner, long width, int heads, int layers) {
        if (heads < 1 || width % heads != 0) {
            throw new IllegalArgumentException("width " + width + " is not a multiple of " + heads + " heads");
        }
        this.heads = heads;
        query = owner.register_module("to_q", Initialisation.linear(width, width, false));
        key = owner.register_module("to_k", Initialisation.linear(width, width, false));
        value = owner.register_module("to_v", Initialisation.linear(width, width, false));
        out = owner.register_module("to_out", Initialisation.residual(width, width, false, layers));
    }

    /** (B, n, D) to keys (B, H, n, d). */
    Tensor keys(Tensor x) {
        return Heads.split(key.forward(x), heads);
    }

    /** (B, n, D) to values (B, H, n, d). */
    Tensor values(Tensor x) {
        return Heads.split(value.forward(x), heads);
    }

    /** (B, n, D) to queries (B, H, n, d). */
    Tensor queries(Tensor x) {
        return Heads.split(query.forward(x), heads);
    }

    /**
     * Attention of queries (B, H, n, d) to given keys and values, projected: (B, n, D).
     *
     * @param hidden what a query does not see, bool, broadcast to (B, H, n, m); null for nothing
     */
    Tensor attend(Tensor queries, Tensor keys, Tensor values, Tensor hidden) {
        Tensor logits = Ops.scale(queries.matmul(keys.transpose(-2, -1)), 1 / Math.sqrt(queries.size(-1)));
        Tensor weights = Ops.maskedSoftmax(hidden == null ? logits
                : Ops.fill(logits, hidden, Double.NEGATIVE_INFINITY), -1);
        return out.forward(Heads.merge(weights.matmul(values)));
    }

    /** The weights of keys and values as one, (2 D, D): {@code torch.linear} with it gives pairs (B, n, 2 D). */
    Tensor pairWeight() {
        return Ops.cat(0, key.weight(), value.weight());
    }

    /**
     * Attention of queries (B, H, n, d) to pairs (B, m, 2 D), projected: (B, n, D).
     *
     * @param bias  what is added to the logits, -infinity for what is hidden, broadcast to (B, H, n, m)
     * @param blind whether there may be queries that see nothing
     */
    Tensor attendPairs(Tensor queries, Tensor pairs, Tensor bias, boolean blind) {
        Tensor parts = pairs.unflatten(-1, 2L * heads, queries.size(3)).transpose(1, 2); // (B, 2 H, m, d)
        Tensor logits = queries.matmul(parts.narrow(1, 0, heads).transpose(-2, -1)).add(bias);
        Tensor weights = blind ? Ops.maskedSoftmax(logits, -1) : torch.softmax(logits, -1);
        return out.forward(Heads.merge(weights.matmul(parts.narrow(1, heads, heads))));
    }

    /**
     * Attention of a sequence to itself through a causal window, and to the tokens in front.
     *
     * @param front   (B, P, D), seen by all
     * @param x       (B, N, D)
     * @param window  w: token i sees j with i - w < j <= i
     * @param padding which of x are no tokens
     * @param fused   whether to merge two kernels' results, in O(N w), rather than fill the whole matrix
     */
    Tensor local(Tensor front, Tensor x, int window, Optional<Padding> padding, boolean fused) {
        return fused ? merged(front, x, window, padding) : filled(front, x, window, padding);
    }

    private Tensor merged(Tensor front, Tensor x, int window, Optional<Padding> padding) {
        Tensor q = queries(x);
        AttentionSpec all = AttentionSpec.softmax();
        AttentionSpec spec = padding.map(Padding::keys).map(all::withPadding).orElse(all)
                .withMask(Mask.slidingWindow(window - 1, 0));
        if (front.size(1) == 0) {
            return out.forward(Heads.merge(FusedAttention.apply(q, keys(x), values(x), spec)));
        }
        return out.forward(Heads.merge(PartialAttention.merge(FusedAttention.partial(q, keys(front), values(front),
                all),
                FusedAttention.partial(q, keys(x), values(x), spec))));
    }

    private Tensor filled(Tensor front, Tensor x, int window, Optional<Padding> padding) {
        Tensor all = Ops.cat(1, front, x);
        long length = x.size(1);
        Tensor position = torch.arange(new Scalar(length), Ops.options(torch.ScalarType.Long)).to(x.device(),
                torch.ScalarType.Long);
        Tensor distance = position.unsqueeze(1).sub(position); // i - j
        Tensor outside = distance.lt(new Scalar(0)).logical_or(distance.ge(new Scalar(window)))
                .view(1, 1, length, length);
        Tensor hidden = padding.map(p -> outside.logical_or(p.mask().view(x.size(0), 1, 1, length))).orElse(outside);
        Tensor first = torch.zeros(new long[] {hidden.size(0), 1, length, front.size(1)}, hidden.options());
        return attend(queries(x), keys(all), values(all), Ops.cat(3, first, hidden));
    }
}
