package io.heed.sequence.combiner;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;

import io.heed.tensor.Ops;

/** How the rows of a group become one: (..., c, d) to (..., d), hidden rows left out. */
public enum Pooling {
    /** The largest, channel by channel; 0 of a group with no row. */
    MAX {
        @Override
        Tensor apply(Tensor rows, Tensor hidden) {
            if (hidden == null) {
                return joined(rows);
            }
            Tensor most = joined(Ops.fill(rows, hidden.unsqueeze(-1), Double.NEGATIVE_INFINITY));
            return Ops.fill(most, hidden.all(-1).unsqueeze(-1), 0);
        }

        @Override
        Tensor joined(Tensor parts) {
            return parts.max(-2, false).get0(); // its backward pass is much cheaper than amax's
        }
    },
    SUM,
    MEAN {
        @Override
        Tensor apply(Tensor rows, Tensor hidden) {
            if (hidden == null) {
                return ofWhole(joined(rows), rows.size(-2));
            }
            Tensor count = hidden.logical_not().sum(new long[] {-1}, true, new ScalarTypeOptional());
            return super.apply(rows, hidden).div(count.clamp_min(new Scalar(1)));
        }

        @Override
        Tensor ofWhole(Tensor joined, long rows) {
            return Ops.scale(joined, 1.0 / rows);
        }
    };

    /** @param hidden bool (..., c), true for rows left out; null for none */
    Tensor apply(Tensor rows, Tensor hidden) {
        return joined(hidden == null ? rows : Ops.fill(rows, hidden.unsqueeze(-1), 0));
    }

    /** Parts of a group (..., parts, d), or its rows, joined into (..., d), from which {@link #ofWhole} is taken. */
    Tensor joined(Tensor parts) {
        return parts.sum(new long[] {-2}, false, new ScalarTypeOptional());
    }

    /** What a whole group of {@code rows} rows is pooled to, from its joined parts. */
    Tensor ofWhole(Tensor joined, long rows) {
        return joined;
    }
}
