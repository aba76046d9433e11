package io.heed.nn;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.DepthwiseConvolution;
import io.heed.tensor.Autograd;
import io.heed.tensor.Ops;
import io.heed.tensor.View;

/**
 * The short causal convolution that many mixers put before (or in place of) attention: every channel with K taps of its
 * own, the last on the current token.
 *
 * <pre>
 *   y_t = bias + sum_{j < K} w_j * x_(t - K + 1 + j)          x before the first token is 0
 * </pre>
 *
 * <p>Parameters {@code weight (D, 1, K)} and, if asked, {@code bias (D)}. To decode, a mixer keeps the last K - 1
 * inputs in its state and goes on with {@link #extend}. A layer whose parameters have other names uses {@link #apply}
 * and the static {@link #extend(Tensor, Tensor, Tensor, Tensor)}.
 */
public final class ShortConvolution extends Module {
    private final Tensor weight;
    private final Tensor bias;

    /**
     * With fresh weights, uniform within 1 / sqrt(K) as is usual for convolutions.
     *
     * @param channels D
     * @param taps     K
     * @param bias     whether there is one
     */
    public ShortConvolution(long channels, long taps, boolean bias) {
        super("ShortConvolution");
        weight = Registration.parameter(this, "weight", fresh(taps, channels, 1, taps));
        this.bias = bias ? Registration.parameter(this, "bias", fresh(taps, channels)) : null;
    }

    /**
     * What later tokens need is the last inputs: the outputs of some tokens, and the inputs (B, K - 1, D) to go on
     * from.
     */
    public record Extension(Tensor out, Tensor history) { }

    /** K. */
    public long taps() {
        return weight.size(-1);
    }

    /** (B, N, D) to (B, N, D). */
    public Tensor forward(Tensor x, Form form) {
        return apply(x, weight, bias, form);
    }

    /** The inputs before the first token: zeros (B, K - 1, D). */
    public Tensor history(long batch) {
        return history(batch, weight);
    }

    /** Goes on after {@code history} with tokens (B, N, D); builds no gradient graph. */
    public Extension extend(Tensor x, Tensor history) {
        return extend(x, history, weight, bias);
    }

    /**
     * The convolution.
     *
     * @param x      (B, N, D)
     * @param weight (D, 1, K) or (D, K)
     * @param bias   (D), or null
     */
    public static Tensor apply(Tensor x, Tensor weight, Tensor bias, Form form) {
        return form.isFused(x) ? fused(x, weight, bias) : composed(x, weight, bias);
    }

    /** Zeros (B, K - 1, D) for a weight (D, 1, K) or (D, K). */
    public static Tensor history(long batch, Tensor weight) {
        return torch.zeros(new long[] {batch, weight.size(-1) - 1, weight.size(0)}, weight.detach().options());
    }

    /** {@link #extend(Tensor, Tensor)} for a weight (D, 1, K) or (D, K). */
    public static Extension extend(Tensor x, Tensor history, Tensor weight, Tensor bias) {
        try (NoGradGuard _ = new NoGradGuard()) {
            long kept = history.size(1);
            Tensor seen = Ops.cat(1, history, x); // (B, K - 1 + N, D)
            Tensor out = apply(seen, weight, bias, Form.AUTO).narrow(1, kept, x.size(1));
            return new Extension(out, seen.narrow(1, x.size(1), kept).clone());
        }
    }

    private static Tensor composed(Tensor x, Tensor weight, Tensor bias) {
        long taps = weight.size(-1);
        Tensor channels = torch.constant_pad_nd(x.transpose(1, 2), taps - 1, 0); // (B, D, K - 1 + N)
        return torch.conv1d(channels, weight.reshape(weight.size(0), 1, taps),
                bias == null ? new TensorOptional() : new TensorOptional(bias), new long[] {1}, new long[] {0},
                new long[] {1}, weight.size(0)).transpose(1, 2);
    }

    private static Tensor fused(Tensor x, Tensor weight, Tensor bias) {
        List<Tensor> inputs = new ArrayList<>(List.of(x, weight));
        if (bias != null) {
            inputs.add(bias);
        }
        return Autograd.apply(inputs, (context, in) -> {
            Tensor taps = taps(in.get(1));
            Tensor y = x.new_empty(x.size(0), x.size(1), x.size(2));
            try (View xs = View.read(x); View ws = View.read(taps); View ys = View.write(y)) {
                DepthwiseConvolution.forward(xs.rows(), ws.rows(),
                        in.size() < 3 ? null : View.segment(in.get(2).contiguous()), ys.rows());
            }
            context.save(x, in.get(1));
            return List.of(y);
        }, (context, gradients) -> backward(context, gradients.getFirst(), bias != null)).getFirst();
    }

    private static List<Tensor> backward(Autograd.Context context, Tensor gradient, boolean biased) {
        Tensor x = context.saved(0);
        Tensor weight = context.saved(1);
        Tensor taps = taps(weight);
        Tensor dx = context.needsGradient(0) ? x.new_empty(x.size(0), x.size(1), x.size(2)) : null;
        Tensor dTaps = context.needsGradient(1) ? taps.new_empty(taps.size(0), taps.size(1)) : null;
        Tensor dBias = biased && context.needsGradient(2) ? x.new_empty(x.size(2)) : null;
        try (View xs = View.read(x); View ws = View.read(taps); View gs = View.read(gradient)) {
            DepthwiseConvolution.backward(xs.rows(), ws.rows(), gs.rows(), dx == null ? null : View.write(dx).rows(),
                    dTaps == null ? null : View.write(dTaps).rows(), dBias == null ? null : View.segment(dBias));
        }
        List<Tensor> results = new ArrayList<>();
        results.add(dx);
        results.add(dTaps == null ? null : dTaps.t().reshape(weight.shape()));
        if (biased) {
            results.add(dBias);
        }
        return results;
    }

    /** (D, 1, K) or (D, K) to (K, D). */
    private static Tensor taps(Tensor weight) {
        return weight.flatten(1, -1).t().contiguous();
    }

    private static Tensor fresh(long taps, long... shape) {
        Tensor tensor = torch.empty(shape);
        try (NoGradGuard _ = new NoGradGuard()) {
            tensor.uniform_(-1 / Math.sqrt(taps), 1 / Math.sqrt(taps), null);
        }
        return tensor;
    }
}
