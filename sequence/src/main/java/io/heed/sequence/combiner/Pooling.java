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
                return rows.amax(new long[] {-2}, false);
            }
            Tensor most = Ops.fill(rows, hidden.unsqueeze(-1), Double.NEGATIVE_INFINITY).amax(new long[] {-2}, false);
            return Ops.fill(most, hidden.all(-1).unsqueeze(-1), 0);
        }
    },
    SUM {
        @Override
        Tensor apply(Tensor rows, Tensor hidden) {
            Tensor seen = hidden == null ? rows : Ops.fill(rows, hidden.unsqueeze(-1), 0);
            return seen.sum(new long[] {-2}, false, new ScalarTypeOptional());
        }
    },
    MEAN {
        @Override
        Tensor apply(Tensor rows, Tensor hidden) {
            if (hidden == null) {
                return rows.mean(new long[] {-2}, false, new ScalarTypeOptional());
            }
            Tensor count = hidden.logical_not().sum(new long[] {-1}, true, new ScalarTypeOptional());
            return SUM.apply(rows, hidden).div(count.clamp_min(new Scalar(1)));
        }
    };

    /** @param hidden bool (..., c), true for rows left out; null for none */
    abstract Tensor apply(Tensor rows, Tensor hidden);
}
