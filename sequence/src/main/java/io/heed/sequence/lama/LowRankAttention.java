package io.heed.sequence.lama;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Registration;
import io.heed.tensor.Ops;

/**
 * Multi-head attention of one context vector over words by bilinear forms of low rank; see the package.
 *
 * <p>Parameters {@code _p}, {@code _q} (D, m r), rank by rank within a head; {@code context} (D) where it is learned.
 */
public final class LowRankAttention extends Pooling {
    private static final double HIDDEN = -1e9;

    private final Options options;
    private final Tensor p;
    private final Tensor q;
    private final Tensor context;

    /**
     * What it is built from.
     *
     * @param width   D
     * @param heads   m
     * @param rank    r
     * @param learned whether the context is learned rather than the documents' mean
     * @param tanh    whether scores go through tanh
     * @param unit    whether a word's scores are divided by their norm over the heads
     */
    public record Options(long width, int heads, int rank, boolean learned, boolean tanh, boolean unit) {
        /** @throws IllegalArgumentException when a size is not positive */
        public Options {
            if (width < 1 || heads < 1 || rank < 1) {
                throw new IllegalArgumentException("width " + width + ", heads " + heads + " and rank " + rank
                        + " must be at least 1");
            }
        }
    }

    /**
     * Fresh weights: P and Q uniform within 1 / sqrt(m r) (Kaiming with a = sqrt 5), the context normal with deviation
     * 1.
     */
    public LowRankAttention(Options options) {
        super("LowRankAttention");
        this.options = options;
        long columns = (long) options.heads() * options.rank();
        p = Registration.parameter(this, "_p", uniform(options.width(), columns));
        q = Registration.parameter(this, "_q", uniform(options.width(), columns));
        context = options.learned() ? Registration.parameter(this, "context", torch.randn(options.width())) : null;
    }

    private static Tensor uniform(long rows, long columns) {
        try (NoGradGuard _ = new NoGradGuard()) {
            double bound = 1 / Math.sqrt(columns); // libtorch's fan in of a (D, m r) matrix is m r
            return torch.empty(rows, columns).uniform_(-bound, bound, null);
        }
    }

    @Override
    public Pooled pool(Tensor states, Tensor mask) {
        Tensor attention = attention(states, mask);
        return new Pooled(attention, attention.matmul(states).flatten(1, 2)); // (B, m D)
    }

    /** (B, T, D) to A, (B, m, T). */
    public Tensor attention(Tensor states, Tensor mask) {
        Tensor c = context == null ? meanOf(states, mask) : context.unsqueeze(0); // (B or 1, D)
        Tensor left = c.matmul(p).unsqueeze(1); // P^T c: (B, 1, m r)
        Tensor f = states.matmul(q).mul(left).unflatten(-1, options.heads(), options.rank())
                .sum(new long[] {-1}, false, new ScalarTypeOptional()); // (B, T, m)
        f = options.tanh() ? f.tanh() : f;
        f = options.unit() ? f.div(normOf(f)) : f;
        Tensor padded = mask.logical_not().unsqueeze(1); // (B, 1, T)
        return Ops.fill(f.transpose(1, 2), padded, HIDDEN).softmax(-1);
    }

    /** |f_t|_2 with 1 where it is 0, as at padded words, in a way that no gradient is NaN: (B, T, 1). */
    private static Tensor normOf(Tensor f) {
        Tensor squares = f.mul(f).sum(new long[] {-1}, true, new ScalarTypeOptional());
        return Ops.fill(squares, squares.eq(new Scalar(0)), 1).sqrt();
    }

    /** The mean over real words, (B, D). */
    static Tensor meanOf(Tensor states, Tensor mask) {
        Tensor weights = mask.to(Ops.type(states)).unsqueeze(-1);
        Tensor count = weights.sum(new long[] {1}, false, new ScalarTypeOptional());
        return states.mul(weights).sum(new long[] {1}, false, new ScalarTypeOptional()).div(count);
    }

    /**
     * The redundancy penalty of structured self-attention (Lin et al., ICLR 2017): the batch's mean of |A A^T - I|_F^2.
     *
     * @param attention (B, m, T)
     */
    public static Tensor penalty(Tensor attention) {
        Tensor overlap = attention.matmul(attention.transpose(1, 2))
                .sub(torch.eye(attention.size(1)).to(attention.device(),
                Ops.type(attention)));
        return overlap.mul(overlap).sum(new long[] {1, 2}, false, new ScalarTypeOptional()).mean();
    }

    @Override
    public long width() {
        return options.heads() * options.width();
    }

    @Override
    public long attentionParameters() {
        try (PointerScope _ = new PointerScope()) {
            return p.numel() + q.numel() + (context == null ? 0 : context.numel());
        }
    }
}
