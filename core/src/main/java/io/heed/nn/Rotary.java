package io.heed.nn;

import java.util.Arrays;
import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.Rotation;
import io.heed.tensor.Autograd;
import io.heed.tensor.Ops;
import io.heed.tensor.View;

/**
 * Rotary positions (RoFormer, arXiv 2104.09864): the channel pair i of a query or key at position p is turned by the
 * angle p * base^(-2i/d), so that dot products depend on distances only.
 *
 * <p>Float32 on the CPU takes one pass of a kernel, everything else libtorch operations.
 *
 * <p>The table of angles grows with the longest position asked for and is kept; it is no parameter.
 */
public final class Rotary {
    /** Which channels make pair i of d/2. */
    public enum Layout {
        /** Channels i and i + d/2 (LLaMA, GPT-NeoX). */
        HALVES,
        /** Channels 2i and 2i + 1 (RoFormer, GPT-J). */
        INTERLEAVED
    }

    private final long width;
    private final double base;
    private final Layout layout;
    private Tensor cosines;
    private Tensor sines;

    /**
     * @param width d, channels a head, even
     * @param base  10000 in most models
     */
    public Rotary(long width, double base, Layout layout) {
        if (width < 2 || width % 2 != 0) {
            throw new IllegalArgumentException(
                    "rotary positions turn channels in pairs: the head width must be even, got "
                    + width);
        }
        this.width = width;
        this.base = base;
        this.layout = layout;
    }

    /** In halves with base 10000. */
    public Rotary(long width) {
        this(width, 10_000, Layout.HALVES);
    }

    /**
     * Turns every row by its position.
     *
     * @param x     (..., N, d), row n at position {@code first} + n
     * @param first position of the first row
     * @return a new tensor of the same shape
     */
    public Tensor apply(Tensor x, long first) {
        if (x.size(-1) != width) {
            throw new IllegalArgumentException("rotary positions for head width " + width + " given head width "
                    + x.size(-1));
        }
        long rows = x.size(-2);
        prepare(x, first + rows);
        Tensor cos = cosines.narrow(0, first, rows); // (N, d/2)
        Tensor sin = sines.narrow(0, first, rows);
        if (x.dim() == 4 && Form.AUTO.isFused(x)) {
            return fused(x, cos, sin);
        }
        return layout == Layout.HALVES ? halves(x, cos, sin) : interleaved(x, cos, sin);
    }

    /**
     * Turns every row by a position of its own.
     *
     * @param x         (..., d)
     * @param positions int64, from 0; of x's shape without the last dimension, or broadcast to it
     * @return a new tensor of the same shape
     */
    public Tensor applyAt(Tensor x, Tensor positions) {
        prepare(x, 1 + positions.max().item_long());
        long[] shape = positions.shape();
        long[] table = Arrays.copyOf(shape, shape.length + 1);
        table[shape.length] = width / 2;
        Tensor cos = cosines.index_select(0, positions.flatten()).view(table);
        Tensor sin = sines.index_select(0, positions.flatten()).view(table);
        return layout == Layout.HALVES ? halves(x, cos, sin) : interleaved(x, cos, sin);
    }

    /** One pass, for float32 on the CPU; its gradient turns back. */
    private Tensor fused(Tensor x, Tensor cos, Tensor sin) {
        // the table may be replaced by a longer one before the backward pass: the views hold on to this one
        return Autograd.apply(List.of(x), (context, in) -> {
            context.save(cos, sin);
            return List.of(turned(in.getFirst(), cos, sin, false));
        }, (context, gradients) -> List.of(turned(gradients.getFirst(), context.saved(0), context.saved(1), true)))
                .getFirst();
    }

    private Tensor turned(Tensor x, Tensor cos, Tensor sin, boolean back) {
        Tensor out = x.new_empty(x.size(0), x.size(2), x.size(1), x.size(3)).transpose(1, 2);
        try (View from = View.read(x); View to = View.write(out)) {
            Rotation.turn(from.rows(), to.rows(), View.segment(cos), View.segment(sin),
                    layout == Layout.HALVES ? Rotation.Pairs.HALVES : Rotation.Pairs.NEIGHBOURS, back);
        }
        return out;
    }

    private static Tensor halves(Tensor x, Tensor cos, Tensor sin) {
        TensorVector parts = x.chunk(2, -1);
        Tensor a = parts.get(0);
        Tensor b = parts.get(1);
        return torch.cat(new TensorVector(a.mul(cos).sub(b.mul(sin)), b.mul(cos).add(a.mul(sin))), -1);
    }

    private static Tensor interleaved(Tensor x, Tensor cos, Tensor sin) {
        TensorVector parts = x.unflatten(-1, x.size(-1) / 2, 2).unbind(-1);
        Tensor a = parts.get(0);
        Tensor b = parts.get(1);
        return torch.stack(new TensorVector(a.mul(cos).sub(b.mul(sin)), b.mul(cos).add(a.mul(sin))), -1)
                .flatten(-2, -1);
    }

    private synchronized void prepare(Tensor like, long positions) {
        if (cosines != null && cosines.size(0) >= positions && Ops.type(cosines) == Ops.type(like)
                && cosines.device().equals(like.device())) {
            return;
        }
        long rows = Math.max(64, Long.highestOneBit(positions * 2 - 1));
        int pairs = Math.toIntExact(width / 2);
        double[] cos = new double[Math.toIntExact(rows * pairs)];
        double[] sin = new double[cos.length];
        for (int i = 0; i < pairs; i++) {
            double frequency = Math.pow(base, -2.0 * i / width);
            for (int p = 0; p < rows; p++) {
                cos[p * pairs + i] = Math.cos(p * frequency);
                sin[p * pairs + i] = Math.sin(p * frequency);
            }
        }
        release();
        cosines = table(cos, rows, pairs, like);
        sines = table(sin, rows, pairs, like);
    }

    private static Tensor table(double[] values, long rows, long pairs, Tensor like) {
        try (PointerScope _ = new PointerScope()) {
            return Ops.of(values, rows, pairs).to(like.device(), Ops.type(like)).clone().retainReference();
        }
    }

    private void release() {
        if (cosines != null) {
            cosines.releaseReference();
            sines.releaseReference();
        }
    }
}
