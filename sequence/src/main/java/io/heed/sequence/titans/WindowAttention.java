package io.heed.sequence.titans;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
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

    /**
     * Attention of queries x (B, n, D) to given keys and values.
     *
     * @param hidden what a query does not see, bool, broadcast to (B, H, n, m); null for nothing
     */
    Tensor attend(Tensor x, Tensor keys, Tensor values, Tensor hidden) {
        return out.forward(Heads.merge(weigh(Heads.split(query.forward(x), heads), keys, values, hidden)));
    }

    /**
     * Attention of a sequence to itself through a causal window, and to the tokens in front.
     *
     * @param front  (B, P, D), seen by all
     * @param x      (B, N, D)
     * @param window w: token i sees j with i - w < j <= i
     * @param padded (B, N) bool, or null
     * @param blocks whether to go block by block, in O(N w), rather than over the whole matrix
     */
    Tensor local(Tensor front, Tensor x, long window, Tensor padded, boolean blocks) {
        Tensor all = Ops.cat(1, front, x);
        Tensor k = keys(all);
        Tensor v = values(all);
        if (blocks && x.size(1) > window) {
            return blocks(front.size(1), x, k, v, window, padded);
        }
        long length = x.size(1);
        Tensor position = torch.arange(new Scalar(length), Ops.options(torch.ScalarType.Long)).to(x.device(),
                torch.ScalarType.Long);
        Tensor distance = position.unsqueeze(1).sub(position); // i - j
        Tensor hidden = distance.lt(new Scalar(0)).logical_or(distance.ge(new Scalar(window)));
        Tensor masked = padded == null ? hidden.view(1, 1, length, length)
                : hidden.view(1, 1, length, length).logical_or(padded.view(x.size(0), 1, 1, length));
        return attend(x, k, v, Ops.cat(3, unhidden(masked, front.size(1)), masked));
    }

    /** Blocks of w queries, each with its own keys, those of the block before, and the tokens in front. */
    private Tensor blocks(long front, Tensor x, Tensor k, Tensor v, long window, Tensor padded) {
        long batch = x.size(0);
        long length = x.size(1);
        long count = (length + window - 1) / window;
        long spare = count * window - length;
        Tensor q = torch.constant_pad_nd(Heads.split(query.forward(x), heads), 0, 0, 0, spare)
                .unflatten(2, count, window);
        Tensor keys = pairs(k, front, spare, count, window);
        Tensor values = pairs(v, front, spare, count, window);
        Tensor i = torch.arange(new Scalar(window), Ops.options(torch.ScalarType.Long)).unsqueeze(1);
        Tensor j = torch.arange(new Scalar(-window), new Scalar(window), Ops.options(torch.ScalarType.Long));
        Tensor distance = i.sub(j);
        Tensor hidden = distance.lt(new Scalar(0)).logical_or(distance.ge(new Scalar(window))).to(x.device(),
                torch.ScalarType.Bool).view(1, 1, 1, window, 2 * window);
        Tensor none = padded == null ? torch.zeros(new long[] {batch, length}, Ops.options(torch.ScalarType.Bool))
                .to(x.device(), torch.ScalarType.Bool) : padded;
        // before the first block, too
        Tensor absent = torch.constant_pad_nd(none, new long[] {window, spare}, new Scalar(1));
        Tensor missing = Ops.cat(2, absent.narrow(1, 0, count * window).unflatten(1, count, window),
                absent.narrow(1, window, count * window).unflatten(1, count, window)); // (B, blocks, 2 w)
        Tensor masked = hidden.logical_or(missing.view(batch, 1, count, 1, 2 * window));
        Tensor mixed = weigh(q, keys, values, Ops.cat(4, unhidden(masked, front), masked)); // (B, H, blocks, w, d)
        return out.forward(Heads.merge(mixed.flatten(2, 3).narrow(2, 0, length)));
    }

    /** Rows in front, then of the block before and the block itself: (B, H, blocks, P + 2 w, d). */
    private static Tensor pairs(Tensor rows, long front, long spare, long count, long window) {
        Tensor own = torch.constant_pad_nd(rows.narrow(2, front, rows.size(2) - front), 0, 0, window, spare);
        Tensor before = own.narrow(2, 0, count * window).unflatten(2, count, window);
        Tensor itself = own.narrow(2, window, count * window).unflatten(2, count, window);
        Tensor first = rows.narrow(2, 0, front).unsqueeze(2)
                .expand(rows.size(0), rows.size(1), count, front, rows.size(3));
        return Ops.cat(3, first, before, itself);
    }

    private static Tensor unhidden(Tensor hidden, long front) {
        long[] shape = hidden.shape();
        shape[shape.length - 1] = front;
        return torch.zeros(shape, hidden.options());
    }

    private static Tensor weigh(Tensor q, Tensor k, Tensor v, Tensor hidden) {
        Tensor logits = Ops.scale(q.matmul(k.transpose(-2, -1)), 1 / Math.sqrt(q.size(-1)));
        return Ops.maskedSoftmax(hidden == null ? logits : Ops.fill(logits, hidden, Double.NEGATIVE_INFINITY), -1)
                .matmul(v);
    }
}
