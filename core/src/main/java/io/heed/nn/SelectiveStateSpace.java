package io.heed.nn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.SelectiveScan;
import io.heed.tensor.Autograd;
import io.heed.tensor.Ops;

/**
 * The selective state space of S6 (Gu and Dao, arXiv 2312.00752) on D channels of n states:
 *
 * <pre>
 *   h_t[d, s] = exp(delta_t[d] a[d, s]) h_{t-1}[d, s] + delta_t[d] b_t[s] u_t[d]
 *   y_t[d]    = sum_s c_t[s] h_t[d, s]
 * </pre>
 *
 * Everything but the rates' sign is the caller's: delta at least 0, a at most 0. All inputs get gradients.
 */
public final class SelectiveStateSpace {
    private SelectiveStateSpace() { }

    /**
     * What it takes.
     *
     * @param u     (B, N, D)
     * @param delta (B, N, D), step sizes; 0 leaves the state as it is
     * @param a     (D, n), or (D, 1) where all states of a channel share a rate
     * @param b     (B, N, n), how a token writes
     * @param c     (B, N, n), how a token reads
     */
    public record Input(Tensor u, Tensor delta, Tensor a, Tensor b, Tensor c) {
        /** @throws IllegalArgumentException when shapes disagree */
        public Input {
            boolean fits = u.dim() == 3 && a.dim() == 2 && b.dim() == 3 && Arrays.equals(u.shape(), delta.shape())
                    && Arrays.equals(b.shape(), c.shape()) && b.size(0) == u.size(0) && b.size(1) == u.size(1)
                    && a.size(0) == u.size(2) && (a.size(1) == b.size(2) || a.size(1) == 1) && u.size(1) > 0;
            if (!fits) {
                throw new IllegalArgumentException("a selective state space takes u and delta (B, N, D), a (D, n), b"
                        + " and c (B, N, n), got " + Ops.shape(u) + ", " + Ops.shape(delta) + ", " + Ops.shape(a) + ", "
                        + Ops.shape(b) + ", " + Ops.shape(c));
            }
        }

        private List<Tensor> all() {
            return List.of(u, delta, a, b, c);
        }
    }

    /**
     * What it gives.
     *
     * @param y    (B, N, D)
     * @param last (B, D, n), the state after the last token
     */
    public record Result(Tensor y, Tensor last) { }

    /** Outputs alone, from no earlier tokens: (B, N, D). */
    public static Tensor outputs(Input input, Form form) {
        return form.isFused(input.u) ? fused(input.all(), false).getFirst() : composed(input, null).y;
    }

    /** Outputs and the state after the last token, from {@code initial} (B, D, n). */
    public static Result withState(Input input, Tensor initial, Form form) {
        if (!form.isFused(input.u)) {
            return composed(input, initial);
        }
        List<Tensor> given = new ArrayList<>(input.all());
        given.add(initial);
        List<Tensor> outputs = fused(given, true);
        return new Result(outputs.get(0), outputs.get(1));
    }

    private static Result composed(Input in, Tensor initial) {
        Tensor decay = in.delta.unsqueeze(-1).mul(in.a).exp(); // (B, N, D, n or 1)
        Tensor written = in.delta.mul(in.u).unsqueeze(-1).mul(in.b.unsqueeze(2)); // (B, N, D, n)
        Tensor states = DiagonalRecurrence.states(decay.expand_as(written), written, initial, Form.REFERENCE);
        return new Result(states.matmul(in.c.unsqueeze(-1)).squeeze(-1), states.select(1, -1));
    }

    /** Inputs u, delta, a, b, c and perhaps the first state; outputs y and perhaps the last state. */
    private static List<Tensor> fused(List<Tensor> inputs, boolean state) {
        return Autograd.apply(inputs, (context, in) -> {
            Tensor u = in.get(0);
            List<Tensor> outputs = new ArrayList<>(List.of(torch.empty(u.sizes())));
            if (state) {
                outputs.add(torch.empty(in.get(5).sizes()));
            }
            boolean trained = false;
            for (int i = 0; i < in.size(); i++) {
                trained |= context.needsGradient(i);
            }
            Tensor starts = !trained ? null : torch.empty(u.size(0), SelectiveScan.runs((int) u.size(1)),
                    SelectiveScan.startWidth((int) u.size(2), (int) in.get(3).size(2)));
            try (Views views = new Views()) {
                SelectiveScan.forward(input(views, in), new SelectiveScan.Output(views.oneHead(outputs.get(0)),
                        state ? views.oneHead(outputs.get(1)) : null, views.oneHead(starts)));
            }
            if (trained) {
                context.save(starts);
                in.forEach(context::save);
            }
            return outputs;
        }, SelectiveStateSpace::backward);
    }

    private static List<Tensor> backward(Autograd.Context context, List<Tensor> gradients) {
        List<Tensor> saved = context.saved();
        List<Tensor> in = saved.subList(1, saved.size());
        List<Tensor> results = new ArrayList<>();
        for (int i = 0; i < in.size(); i++) {
            results.add(context.needsGradient(i) ? torch.empty(in.get(i).sizes()) : null);
        }
        try (Views views = new Views()) {
            SelectiveScan.backward(input(views, in), views.oneHead(saved.getFirst()),
                    new SelectiveScan.Output(views.oneHead(gradients.getFirst()),
                            gradients.size() > 1 ? views.oneHead(gradients.get(1)) : null, null),
                                    input(views, results));
        }
        return results;
    }

    private static SelectiveScan.Input input(Views views, List<Tensor> in) {
        return new SelectiveScan.Input(views.oneHead(in.get(0)), views.oneHead(in.get(1)), views.rows(in.get(2)),
                views.oneHead(in.get(3)), views.oneHead(in.get(4)), in.size() > 5 ? views.oneHead(in.get(5)) : null);
    }
}
