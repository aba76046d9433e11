package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Dense attention on the CPU, fused: logits and weights live in tiles that fit the caches, never as an Nq x Nk matrix
 * (FlashAttention: Dao et al., NeurIPS 2022, and Dao, ICLR 2024; FlashSigmoid: Ramapuram et al., ICLR 2025). What is
 * computed is an {@link AttentionSpec}'s business.
 *
 * <p>Shapes: q (B, H, Nq, d), k (B, Hkv, Nk, d), v (B, Hkv, Nk, dv), out (B, H, Nq, dv), with d and dv from 1 to 256
 * and H a multiple of Hkv: query head h uses key/value head h / (H / Hkv). All are float32. Outputs must not share
 * memory with inputs.
 *
 * <p>Work runs on all {@link Workers}; results are the same bits for any number of them. Scratch is kept for the next
 * call.
 */
public final class Attention {
    private Attention() { }

    /**
     * out = normalizer(scale q k^T + bias) v.
     *
     * @throws IllegalArgumentException when shapes do not fit, naming the argument and both numbers
     */
    public static void forward(Rows q, Rows k, Rows v, Rows out, AttentionSpec spec) {
        forward(q, k, v, out, null, spec);
    }

    /**
     * As {@link #forward(Rows, Rows, Rows, Rows, AttentionSpec)}, and returns what the backward pass of softmax needs.
     *
     * @param lse receives ln(sum over visible j of exp(s_ij)), (B, H, Nq) contiguous, -infinity for a row that sees no
     *            key; null when not wanted, and for sigmoid, which has none
     * @throws IllegalArgumentException when shapes do not fit, naming the argument and both numbers
     */
    public static void forward(Rows q, Rows k, Rows v, Rows out, MemorySegment lse, AttentionSpec spec) {
        Objects.requireNonNull(spec, "spec");
        AttentionShape shape = AttentionShape.check(q, k, v, spec);
        shape.checkLikeOutput("out", out);
        AttentionShape.checkDistinct("out", out);
        if (lse != null) {
            if (spec.normalizer() == Normalizer.SIGMOID) {
                throw new IllegalArgumentException("lse: sigmoid has no log-sum-exp, pass null");
            }
            shape.checkPerRow("lse", lse);
        }
        if (!shape.isEmpty()) {
            new AttentionForward(shape, q, k, v, out, lse, spec).run();
        }
    }

    /**
     * Gradients of a softmax or sigmoid attention from the gradient of its output, recomputing the weights tile by
     * tile.
     *
     * @param out       the forward pass's output; unused by sigmoid, which may pass null
     * @param lse       the forward pass's log-sum-exp; unused by sigmoid, which may pass null
     * @param dOut      gradient of the output, (B, H, Nq, dv)
     * @param gradients what to write
     * @throws IllegalArgumentException when shapes do not fit, naming the argument and both numbers
     */
    public static void backward(Rows q, Rows k, Rows v, Rows out, MemorySegment lse, Rows dOut,
            AttentionGradients gradients, AttentionSpec spec) {
        backward(q, k, v, out, lse, dOut, null, gradients, spec);
    }

    /**
     * As the other, with a gradient that reaches the log-sum-exp too, as when partial attentions were merged by it.
     *
     * @param dLse gradient of the log-sum-exp, (B, H, Nq) contiguous; null for none
     * @throws IllegalArgumentException when shapes do not fit, naming the argument and both numbers
     */
    public static void backward(Rows q, Rows k, Rows v, Rows out, MemorySegment lse, Rows dOut, MemorySegment dLse,
            AttentionGradients gradients, AttentionSpec spec) {
        Objects.requireNonNull(spec, "spec");
        AttentionShape shape = AttentionShape.check(q, k, v, spec);
        shape.checkLikeOutput("dOut", dOut);
        if (spec.normalizer() == Normalizer.SOFTMAX) {
            shape.checkLikeOutput("out", out);
            shape.checkPerRow("lse", Objects.requireNonNull(lse, "lse: softmax's backward pass needs it"));
            if (dLse != null) {
                shape.checkPerRow("dLse", dLse);
            }
        } else if (dLse != null) {
            throw new IllegalArgumentException("dLse: sigmoid has no log-sum-exp, pass null");
        }
        gradients.check(shape, spec);
        if (!shape.isEmpty()) {
            new AttentionBackward(shape, q, k, v, out, lse, dOut, dLse, gradients, spec).run();
        }
    }
}
