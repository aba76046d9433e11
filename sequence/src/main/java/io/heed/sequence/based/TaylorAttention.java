package io.heed.sequence.based;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.KeyPadding;
import io.heed.kernels.Rows;
import io.heed.nn.Form;
import io.heed.nn.Heads;
import io.heed.nn.Padding;
import io.heed.nn.Views;
import io.heed.tensor.Autograd;
import io.heed.tensor.Ops;
import io.heed.tensor.View;

/**
 * Causal attention with weights 1 + u + u^2 / 2, u = q . k / sqrt(f), divided by their sum; see the package. The
 * composed form makes the N x N weights, the fused one ({@link io.heed.kernels.TaylorAttention}) carries a state from
 * chunk to chunk.
 */
public final class TaylorAttention {
    private TaylorAttention() { }

    /**
     * What it gives.
     *
     * @param out   y, (B, H, N, e)
     * @param state sums of phi(k) [v, 1], (B, H, P, e + 1)
     */
    public record Result(Tensor out, Tensor state) { }

    /** An empty state. */
    public static Tensor empty(long batch, long heads, long f, long e, Tensor like) {
        return torch.zeros(new long[] {batch, heads, TaylorMap.compactWidth(f), e + 1}, like.detach().options());
    }

    /**
     * Outputs from no earlier tokens.
     *
     * @param q       (B, H, N, f)
     * @param k       (B, H, N, f)
     * @param v       (B, H, N, e)
     * @param padding keys that do not exist, or null
     * @return (B, H, N, e)
     */
    public static Tensor outputs(Tensor q, Tensor k, Tensor v, Padding padding, double epsilon, Form form) {
        if (form.isFused(q)) {
            return fused(q, k, v, padding == null ? KeyPadding.none() : padding.keys(), epsilon);
        }
        Tensor weights = weights(q, k);
        if (padding != null) {
            weights = Ops.fill(weights, padding.mask().unsqueeze(1).unsqueeze(1), 0);
        }
        return weights.matmul(v).div(Ops.shift(weights.sum(new long[] {-1}, true, null), epsilon));
    }

    /** Outputs of tokens that continue {@code state}, and the state after them; without a gradient graph. */
    public static Result extend(Tensor q, Tensor k, Tensor v, Tensor state, double epsilon) {
        if (Form.AUTO.isFused(q)) {
            return fusedExtension(q, k, v, state, epsilon);
        }
        Tensor values = Ops.cat(-1, v, torch.ones_like(v.narrow(-1, 0, 1)));
        Tensor sums = weights(q, k).matmul(values).add(TaylorMap.compact(q).matmul(state));
        long e = v.size(-1);
        return new Result(sums.narrow(-1, 0, e).div(Ops.shift(sums.narrow(-1, e, 1), epsilon)),
                state.add(TaylorMap.compact(k).transpose(-2, -1).matmul(values)));
    }

    /** The weights before they are divided by their sums: (B, H, N, N), 0 above the diagonal. */
    static Tensor weights(Tensor q, Tensor k) {
        Tensor u = Ops.scale(q.matmul(k.transpose(-2, -1)), 1 / Math.sqrt(q.size(-1)));
        return Ops.shift(u.add(Ops.scale(u.square(), 0.5)), 1).tril();
    }

    private static Tensor fused(Tensor q, Tensor k, Tensor v, KeyPadding padding, double epsilon) {
        return Autograd.apply(List.of(q, k, v), (context, in) -> {
            Tensor out = Heads.emptyLike(v);
            Tensor normalizers = q.new_empty(q.size(0), q.size(1), q.size(2));
            try (Views views = new Views()) {
                io.heed.kernels.TaylorAttention.forward(input(views, in),
                        new io.heed.kernels.TaylorAttention.Output(views.rows(out), View.segment(normalizers), null),
                                padding,
                        epsilon);
            }
            context.save(q, k, v, out, normalizers);
            return List.of(out);
        }, (context, gradients) -> backward(context, gradients.getFirst(), padding)).getFirst();
    }

    private static List<Tensor> backward(Autograd.Context context, Tensor gradient, KeyPadding padding) {
        List<Tensor> saved = context.saved();
        List<Tensor> results = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            results.add(context.needsGradient(i) ? Heads.emptyLike(saved.get(i)) : null);
        }
        try (Views views = new Views()) {
            io.heed.kernels.TaylorAttention.backward(input(views, saved),
                    new io.heed.kernels.TaylorAttention.Output(views.rows(saved.get(3)), View.segment(saved.get(4)),
                            null),
                    views.rows(gradient), input(views, results), padding);
        }
        return results;
    }

    private static Result fusedExtension(Tensor q, Tensor k, Tensor v, Tensor state, double epsilon) {
        Tensor out = Heads.emptyLike(v);
        Tensor after = state.clone();
        try (Views views = new Views()) {
            Rows sums = views.rows(after);
            if (q.size(2) == 1) {
                io.heed.kernels.TaylorAttention.step(views.rows(q), views.rows(k), views.rows(v), sums,
                        views.rows(out), epsilon);
            } else {
                io.heed.kernels.TaylorAttention.forward(
                        new io.heed.kernels.TaylorAttention.Input(views.rows(q), views.rows(k), views.rows(v), sums),
                        new io.heed.kernels.TaylorAttention.Output(views.rows(out), null, sums), KeyPadding.none(),
                                epsilon);
            }
        }
        return new Result(out, after);
    }

    private static io.heed.kernels.TaylorAttention.Input input(Views views, List<Tensor> in) {
        return new io.heed.kernels.TaylorAttention.Input(views.rows(in.get(0)), views.rows(in.get(1)),
                views.rows(in.get(2)), null);
    }
}
