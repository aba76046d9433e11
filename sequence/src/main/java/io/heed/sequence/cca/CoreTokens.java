package io.heed.sequence.cca;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Padding;
import io.heed.tensor.Ops;

/**
 * Groups of tokens merged into one each.
 *
 * @param keys    (B, H, P, d)
 * @param values  (B, H, P, e)
 * @param weights what each token counts in its group, (B, H, P, g) or broadcast to it; null where no mean is taken
 * @param missing groups none of whose tokens exists, (B, P); null without padding
 */
public record CoreTokens(Tensor keys, Tensor values, Tensor weights, Padding missing) {
    /**
     * Merges the first P groups.
     *
     * @param q       queries after their positions, (B, H, N, d)
     * @param k       keys after their positions, (B, H, N, d)
     * @param v       (B, H, N, e)
     * @param count   P, at least 1
     * @param padding tokens that do not exist, or null: they count in no group, and a group's last token is its last
     *                that exists
     */
    static CoreTokens of(Tensor q, Tensor k, Tensor v, int count, CoreConfig config, Padding padding) {
        int g = config.group();
        Tensor keys = groups(k, count, g);
        Tensor values = groups(v, count, g);
        Tensor absent = padding == null ? null : padding.mask().narrow(1, 0, (long) count * g).unflatten(1, count, g);
        Padding missing = absent == null ? null : new Padding(absent.all(2));
        Tensor hidden = absent == null ? null : absent.unsqueeze(1); // (B, 1, P, g)
        return switch (config.pool()) {
            case CCA -> {
                Tensor query = last(groups(q, count, g), absent);
                Tensor logits = Ops.scale(keys.mul(query).sum(new long[] {-1}, false, null), 1 / Math.sqrt(k.size(-1)));
                Tensor weights = hidden == null ? logits.softmax(-1)
                        : Ops.maskedSoftmax(Ops.fill(logits, hidden, Double.NEGATIVE_INFINITY), -1);
                yield new CoreTokens(weighted(weights, keys), weighted(weights, values), weights, missing);
            }
            case MEAN -> {
                Tensor exists = hidden == null ? torch.ones(new long[] {1, 1, 1, g}, k.detach().options())
                        : hidden.logical_not().to(k.device(), Ops.type(k));
                Tensor weights = exists.div(exists.sum(new long[] {-1}, true, null).clamp_min(new Scalar(1)));
                yield new CoreTokens(weighted(weights, keys), weighted(weights, values), weights, missing);
            }
            case MAX -> new CoreTokens(largest(keys, hidden), largest(values, hidden), null, missing);
            case NONE -> throw new IllegalArgumentException("groups that are dropped make no cores");
        };
    }

    /** (B, H, N, d) to (B, H, P, g, d), a view. */
    private static Tensor groups(Tensor x, int count, int g) {
        return x.narrow(2, 0, (long) count * g).unflatten(2, count, g);
    }

    /** The query of each group's last token that exists: (B, H, P, 1, d). */
    private static Tensor last(Tensor queries, Tensor absent) {
        long g = queries.size(3);
        if (absent == null) {
            return queries.narrow(3, g - 1, 1);
        }
        Tensor place = torch.arange(new Scalar(1), new Scalar(g + 1),
                Ops.options(torch.ScalarType.Long)).to(absent.device(),
                torch.ScalarType.Long);
        Tensor index = place.mul(absent.logical_not()).amax(new long[] {-1},
                false).sub(new Scalar(1)).clamp_min(new Scalar(0));
        long[] shape = {queries.size(0), queries.size(1), queries.size(2), 1, queries.size(4)};
        return queries.gather(3, index.view(index.size(0), 1, index.size(1), 1, 1).expand(shape));
    }

    private static Tensor weighted(Tensor weights, Tensor rows) {
        return rows.mul(weights.unsqueeze(-1)).sum(new long[] {3}, false, null);
    }

    private static Tensor largest(Tensor rows, Tensor hidden) {
        if (hidden == null) {
            return rows.amax(new long[] {3}, false);
        }
        Tensor all = hidden.all(3).unsqueeze(-1); // (B, 1, P, 1)
        return Ops.fill(Ops.fill(rows, hidden.unsqueeze(-1), Double.NEGATIVE_INFINITY).amax(new long[] {3}, false),
                all, 0);
    }
}
