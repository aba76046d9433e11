package io.heed.sequence.landmark;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.Tensor;

import io.heed.kernels.KeyPadding;
import io.heed.kernels.LandmarkAttention;
import io.heed.nn.Form;
import io.heed.nn.Heads;
import io.heed.nn.Padding;
import io.heed.nn.Views;
import io.heed.tensor.Autograd;
import io.heed.tensor.Ops;
import io.heed.tensor.View;

/**
 * Attention of heads through landmarks: the composed form by {@link GroupedSoftmax}, the fused one by the kernel {@link
 * LandmarkAttention} where blocks are regular.
 */
final class LandmarkHeads {
    /** Longest block that the kernel takes. */
    private static final int LONGEST = 1024;

    private LandmarkHeads() { }

    /**
     * Outputs of all tokens.
     *
     * @param q       (B, H, N, d), after positions
     * @param k       (B, H, N, d), after positions
     * @param v       (B, H, N, e)
     * @param padding tokens that do not exist, or null
     * @param dropout probability of dropping a landmark's gate; 0 outside of training
     * @return (B, H, N, e)
     */
    static Tensor outputs(Tensor q, Tensor k, Tensor v, Landmarks landmarks, Padding padding, double dropout,
            Form form) {
        boolean fits = landmarks.block() > 1 && landmarks.block() <= LONGEST;
        if (form.isFused(q) && dropout == 0 && fits) {
            return fused(q, k, v, landmarks.block(), padding == null ? KeyPadding.none() : padding.keys());
        }
        return weights(q, k, landmarks, padding, dropout).matmul(v);
    }

    /** The attention matrix of the last n of N tokens, (B, H, n, N). */
    static Tensor weights(Tensor q, Tensor k, Landmarks landmarks, Padding padding, double dropout) {
        Tensor scores = Ops.scale(q.matmul(k.transpose(-2, -1)), 1 / Math.sqrt(q.size(-1)));
        return GroupedSoftmax.weights(scores, landmarks.mask(), padding, dropout);
    }

    private static Tensor fused(Tensor q, Tensor k, Tensor v, int block, KeyPadding padding) {
        return Autograd.apply(List.of(q, k, v), (context, in) -> {
            Tensor out = Heads.emptyLike(v);
            Tensor lse = q.new_empty(q.size(0), q.size(1), q.size(2));
            try (Views views = new Views()) {
                LandmarkAttention.forward(input(views, in), new LandmarkAttention.Output(views.rows(out),
                        View.segment(lse)), block,
                        padding);
            }
            context.save(q, k, v, out, lse);
            return List.of(out);
        }, (context, gradients) -> backward(context, gradients.getFirst(), block, padding)).getFirst();
    }

    private static List<Tensor> backward(Autograd.Context context, Tensor gradient, int block, KeyPadding padding) {
        List<Tensor> saved = context.saved();
        List<Tensor> results = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            results.add(context.needsGradient(i) ? Heads.emptyLike(saved.get(i)) : null);
        }
        try (Views views = new Views()) {
            LandmarkAttention.backward(input(views, saved),
                    new LandmarkAttention.Output(views.rows(saved.get(3)), View.segment(saved.get(4))),
                            views.rows(gradient),
                    input(views, results), block, padding);
        }
        return results;
    }

    private static LandmarkAttention.Input input(Views views, List<Tensor> in) {
        return new LandmarkAttention.Input(views.rows(in.get(0)), views.rows(in.get(1)), views.rows(in.get(2)));
    }
}
