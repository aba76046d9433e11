package io.heed.nn;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.Tensor;

import io.heed.kernels.Attention;
import io.heed.kernels.AttentionGradients;
import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Normalizer;
import io.heed.kernels.Rows;
import io.heed.tensor.Autograd;
import io.heed.tensor.View;

/**
 * Attention by the fused CPU kernel, with its gradients: {@link ComposedAttention} without the matrix of weights, for
 * float32 on the CPU.
 *
 * <p>Any strides will do as long as the channels of a row lie side by side, so heads sliced from a packed projection
 * are not copied. The output's rows lie as (B, Nq, H, e), so that {@link Heads#merge} is a view.
 */
public final class FusedAttention {
    private FusedAttention() { }

    /**
     * P v.
     *
     * @param q    (B, H, Nq, d)
     * @param k    (B, G, Nk, d), H a multiple of G
     * @param v    (B, G, Nk, e)
     * @param spec what is computed
     * @return (B, H, Nq, e)
     * @throws IllegalArgumentException when shapes do not fit, or a tensor is not float32 on the CPU
     */
    public static Tensor apply(Tensor q, Tensor k, Tensor v, AttentionSpec spec) {
        return run(q, k, v, spec, false).getFirst();
    }

    /**
     * Softmax attention to some of the keys, with what is needed to merge it with attention to others; gradients go
     * through both. A query that sees none of the keys gets 0 and -infinity.
     *
     * @throws IllegalArgumentException as {@link #apply}, and for a normaliser that is not softmax
     */
    public static PartialAttention partial(Tensor q, Tensor k, Tensor v, AttentionSpec spec) {
        if (spec.normalizer() != Normalizer.SOFTMAX) {
            throw new IllegalArgumentException("only softmax attention has a log-sum-exp, got " + spec.normalizer());
        }
        List<Tensor> outputs = run(q, k, v, spec, true);
        return new PartialAttention(outputs.get(0), outputs.get(1));
    }

    private static List<Tensor> run(Tensor q, Tensor k, Tensor v, AttentionSpec spec, boolean partial) {
        boolean softmax = spec.normalizer() == Normalizer.SOFTMAX;
        return Autograd.apply(List.of(q, k, v), (context, _) -> {
            Tensor out = rows(q, q.size(1), q.size(2), v.size(-1));
            Tensor lse = softmax ? q.new_empty(q.size(0), q.size(1), q.size(2)) : null;
            try (View qs = View.read(q); View ks = View.read(k); View vs = View.read(v); View os = View.write(out)) {
                Attention.forward(qs.rows(), ks.rows(), vs.rows(), os.rows(), segment(lse), spec);
            }
            context.save(q, k, v);
            if (softmax) {
                context.save(out, lse);
            }
            return partial ? List.of(out, lse) : List.of(out);
        }, (context, gradients) -> backward(context, gradients, spec));
    }

    private static List<Tensor> backward(Autograd.Context context, List<Tensor> incoming, AttentionSpec spec) {
        boolean softmax = spec.normalizer() == Normalizer.SOFTMAX;
        Tensor gradient = incoming.getFirst() == null ? context.saved(3).new_zeros(context.saved(3).sizes())
                : incoming.getFirst();
        Tensor out = softmax ? context.saved(3) : gradient; // sigmoid needs no output
        MemorySegment lse = softmax ? View.segment(context.saved(4)) : null;
        Tensor lseGradient = incoming.size() > 1 && incoming.get(1) != null ? incoming.get(1).contiguous() : null;
        List<Tensor> results = new ArrayList<>();
        try (View q = View.read(context.saved(0)); View k = View.read(context.saved(1));
                View v = View.read(context.saved(2)); View o = View.read(out); View g = View.read(gradient)) {
            Rows[] written = new Rows[3];
            for (int input = 0; input < written.length; input++) {
                Tensor like = context.saved(input);
                boolean needed = context.needsGradient(input);
                Tensor result = needed ? rows(like, like.size(1), like.size(2), like.size(3)) : null;
                written[input] = needed ? View.write(result).rows() : null;
                results.add(result);
            }
            Attention.backward(q.rows(), k.rows(), v.rows(), o.rows(), lse, g.rows(), segment(lseGradient),
                    AttentionGradients.of(written[0], written[1], written[2]), spec);
        }
        return results;
    }

    /** A new (B, heads, N, d) tensor whose memory is (B, N, heads, d). */
    private static Tensor rows(Tensor like, long heads, long positions, long width) {
        return like.new_empty(like.size(0), positions, heads, width).transpose(1, 2);
    }

    private static MemorySegment segment(Tensor tensor) {
        return tensor == null ? null : View.segment(tensor);
    }
}
