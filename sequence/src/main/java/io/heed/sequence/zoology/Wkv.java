package io.heed.sequence.zoology;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.DecayedAverage;
import io.heed.nn.Form;
import io.heed.tensor.Autograd;
import io.heed.tensor.Ops;
import io.heed.tensor.View;

/**
 * RWKV-4's average over earlier tokens, {@code wkv}: see the package. The sums are kept as a e^p and b e^p with a
 * running exponent p, in float32 or float64 throughout.
 */
final class Wkv {
    private Wkv() { }

    /** The sums after some tokens, each (B, D). */
    record Sums(Tensor a, Tensor b, Tensor p) {
        static Sums empty(Tensor like, long batch, long width) {
            Tensor zero = torch.zeros(new long[] {batch, width}, like.detach().options());
            return new Sums(zero, zero.clone(), zero.clone().fill_(new Scalar(DecayedAverage.NOTHING)));
        }

        List<Tensor> tensors() {
            return List.of(a, b, p);
        }
    }

    /**
     * The averages of all tokens.
     *
     * @param k (B, N, D)
     * @param v (B, N, D)
     * @param w (D), negative: the decay
     * @param u (D): the current token's bonus
     */
    static Tensor apply(Tensor k, Tensor v, Tensor w, Tensor u, Form form) {
        return form.isFused(k) ? fused(k, v, w, u) : composed(k, v, w, u);
    }

    /** One token of each sequence, k and v (B, D); {@code next[0]} becomes the sums after it. */
    static Tensor step(Tensor k, Tensor v, Tensor w, Tensor u, Sums sums, Sums[] next) {
        Tensor bonus = k.add(u);
        Tensor q = torch.maximum(sums.p, bonus);
        Tensor old = sums.p.sub(q).exp();
        Tensor now = bonus.sub(q).exp();
        Tensor y = old.mul(sums.a).add(now.mul(v)).div(old.mul(sums.b).add(now));
        Tensor faded = sums.p.add(w);
        q = torch.maximum(faded, k);
        old = faded.sub(q).exp();
        now = k.sub(q).exp();
        next[0] = new Sums(old.mul(sums.a).add(now.mul(v)), old.mul(sums.b).add(now), q);
        return y;
    }

    /**
     * Goes on after {@code sums} by the kernel, without a gradient graph; {@code next[0]} becomes the sums after it.
     */
    static Tensor extend(Tensor k, Tensor v, Tensor w, Tensor u, Sums sums, Sums[] next) {
        Tensor state = Ops.stack(0, sums.a, sums.b, sums.p);
        Tensor y = k.new_empty(k.size(0), k.size(1), k.size(2));
        forward(k, v, w, u, y, state);
        next[0] = new Sums(state.select(0, 0), state.select(0, 1), state.select(0, 2));
        return y;
    }

    private static Tensor composed(Tensor k, Tensor v, Tensor w, Tensor u) {
        Sums[] sums = {Sums.empty(k, k.size(0), k.size(2))};
        List<Tensor> outputs = new ArrayList<>();
        for (long t = 0; t < k.size(1); t++) {
            outputs.add(step(k.select(1, t), v.select(1, t), w, u, sums[0], sums));
        }
        return Ops.stack(1, outputs.toArray(Tensor[]::new));
    }

    private static Tensor fused(Tensor k, Tensor v, Tensor w, Tensor u) {
        return Autograd.apply(List.of(k, v, w, u), (context, in) -> {
            Tensor y = k.new_empty(k.size(0), k.size(1), k.size(2));
            forward(k, v, w, u, y, null);
            context.save(k, v, w, u);
            return List.of(y);
        }, (context, gradients) -> {
            List<Tensor> saved = context.saved();
            Tensor keys = saved.getFirst();
            long batch = keys.size(0);
            Tensor dk = keys.new_empty(batch, keys.size(1), keys.size(2));
            Tensor dv = keys.new_empty(batch, keys.size(1), keys.size(2));
            Tensor dw = keys.new_empty(batch, keys.size(2));
            Tensor du = keys.new_empty(batch, keys.size(2));
            try (View ks = View.read(keys); View vs = View.read(saved.get(1)); View ws = View.read(saved.get(2));
                    View us = View.read(saved.get(3)); View gs = View.read(gradients.getFirst());
                    View dks = View.write(dk); View dvs = View.write(dv)) {
                DecayedAverage.backward(ks.rows(), vs.rows(), ws.data(), us.data(), gs.rows(), dks.rows(), dvs.rows(),
                        View.segment(dw), View.segment(du));
            }
            return Arrays.asList(dk, dv, dw.sum(new long[] {0}), du.sum(new long[] {0}));
        }).getFirst();
    }

    private static void forward(Tensor k, Tensor v, Tensor w, Tensor u, Tensor y, Tensor state) {
        try (View ks = View.read(k); View vs = View.read(v); View ws = View.read(w); View us = View.read(u);
                View ys = View.write(y)) {
            DecayedAverage.forward(ks.rows(), vs.rows(), ws.data(), us.data(), ys.rows(),
                    state == null ? null : View.segment(state));
        }
    }
}
