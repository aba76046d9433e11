package io.heed.sequence.pointer;

import java.util.List;

import org.bytedeco.pytorch.Tensor;

import io.heed.kernels.AdditiveScores;
import io.heed.nn.Form;
import io.heed.tensor.Autograd;
import io.heed.tensor.View;

/** The scores v . tanh(k + q) of every query against every key. */
final class PointerScores {
    private PointerScores() { }

    /**
     * Scores.
     *
     * @param queries (B, S, h)
     * @param keys    (B, N, h)
     * @param v       (h)
     * @return (B, S, N)
     */
    static Tensor of(Tensor queries, Tensor keys, Tensor v, Form form) {
        return form.isFused(queries) ? fused(queries, keys, v) : reference(queries, keys, v);
    }

    /** As the equation reads; makes all sums, (B, S, N, h). */
    private static Tensor reference(Tensor queries, Tensor keys, Tensor v) {
        return keys.unsqueeze(1).add(queries.unsqueeze(2)).tanh().matmul(v);
    }

    private static Tensor fused(Tensor queries, Tensor keys, Tensor v) {
        return Autograd.apply(List.of(queries, keys, v), (context, _) -> {
            Tensor out = queries.new_empty(queries.size(0), queries.size(1), keys.size(1));
            try (View q = View.read(queries); View k = View.read(keys); View w = View.read(v); View o =
                    View.write(out)) {
                AdditiveScores.forward(q.rows(), k.rows(), w.rows(), o.rows());
            }
            context.save(queries, keys, v);
            return List.of(out);
        }, (context, gradients) -> {
            Tensor dq = like(context.saved(0));
            Tensor dk = like(context.saved(1));
            Tensor dv = like(context.saved(2));
            try (View q = View.read(context.saved(0)); View k = View.read(context.saved(1)); View w =
                    View.read(context.saved(2));
                    View g = View.read(gradients.getFirst()); View a = View.write(dq); View b = View.write(dk); View c =
                            View.write(dv)) {
                AdditiveScores.backward(q.rows(), k.rows(), w.rows(), g.rows(), a.rows(), b.rows(), c.rows());
            }
            return List.of(dq, dk, dv);
        }).getFirst();
    }

    private static Tensor like(Tensor tensor) {
        return tensor.new_empty(tensor.shape());
    }
}
