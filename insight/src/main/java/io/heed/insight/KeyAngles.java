package io.heed.insight;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.insight.AttentionStatistics.KeyGeometry;
import io.heed.nn.AttentionCall;
import io.heed.nn.Heads;

/**
 * Norms of keys, values and queries, and how well keys point where queries point. The mean of cos(q_i, k_j) over the
 * queries from some position on is the dot product of k_j's direction with the sum of those queries' directions, so
 * suffix sums spare the N x N cosines.
 */
final class KeyAngles {
    private static final double TINY = 1e-12;

    private KeyAngles() { }

    static KeyGeometry of(AttentionCall call, boolean causal) {
        Tensor q = call.queries().detach();
        Tensor k = call.keys().detach();
        return new KeyGeometry(Reductions.meanNorms(k), Reductions.meanNorms(call.values().detach()),
                Reductions.meanNorms(q), Reductions.rows(Reductions.mean(cosines(q, k, causal), 0)));
    }

    /** (B, H, Nk). */
    private static Tensor cosines(Tensor q, Tensor k, boolean causal) {
        long queries = q.size(2);
        long keys = k.size(2);
        Tensor every = Heads.repeat(k, q.size(1));
        Tensor directions = direction(q);
        if (!causal) {
            Tensor sum = directions.sum(new long[] {2}, true, new ScalarTypeOptional());
            return Reductions.sum(direction(every).mul(sum), 3).div(new Scalar(queries));
        }
        Tensor suffix = Reductions.suffixSums(directions); // row i: the sum over the queries from i on
        long front = keys - queries;
        if (front > 0) { // every query sees the keys in front
            suffix = torch.cat(new TensorVector(
                    suffix.narrow(2, 0, 1).expand(suffix.size(0), suffix.size(1), front, suffix.size(3)), suffix), 2);
        }
        return Reductions.sum(direction(every).mul(suffix), 3).div(RowSums.seeing(queries, keys, true, q));
    }

    private static Tensor direction(Tensor x) {
        return x.div(Reductions.norms(x).clamp_min(new Scalar(TINY)).unsqueeze(-1));
    }
}
