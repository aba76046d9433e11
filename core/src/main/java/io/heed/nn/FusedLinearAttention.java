package io.heed.nn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.LinearAttention;
import io.heed.kernels.LinearAttentionSpec;
import io.heed.kernels.Rows;
import io.heed.tensor.Autograd;

/** {@link CausalLinearAttention} through the kernel {@link LinearAttention}: chunks forward, chunks backward. */
final class FusedLinearAttention {
    /** Widest row that the kernel takes. */
    private static final long WIDEST = 256;

    private FusedLinearAttention() { }

    static Tensor outputs(Tensor query, Tensor key, Tensor value, double[] rates) {
        return outputs(query, key, value, spec(rates));
    }

    private static Tensor outputs(Tensor query, Tensor key, Tensor value, LinearAttentionSpec spec) {
        long width = query.size(3);
        if (width > WIDEST) {
            // q . k is a sum over channels, so outputs of slices of channels add up
            Tensor first = outputs(query.narrow(3, 0, WIDEST), key.narrow(3, 0, WIDEST), value, spec);
            return first.add(outputs(query.narrow(3, WIDEST, width - WIDEST), key.narrow(3, WIDEST, width - WIDEST),
                    value,
                    spec));
        }
        long valueWidth = value.size(3);
        if (valueWidth > WIDEST) {
            return torch.cat(new TensorVector(outputs(query, key, value.narrow(3, 0, WIDEST), spec),
                    outputs(query, key, value.narrow(3, WIDEST, valueWidth - WIDEST), spec)), 3);
        }
        return apply(List.of(query, key, value), spec, false).getFirst();
    }

    static CausalLinearAttention.Result withState(Tensor query, Tensor key, Tensor value, double[] rates,
            Tensor initial) {
        return withState(query, key, value, initial, spec(rates));
    }

    private static CausalLinearAttention.Result withState(Tensor query, Tensor key, Tensor value, Tensor initial,
                                                          LinearAttentionSpec spec) {
        long width = query.size(3);
        if (width > WIDEST) {
            long rest = width - WIDEST;
            CausalLinearAttention.Result first = withState(query.narrow(3, 0, WIDEST), key.narrow(3, 0, WIDEST), value,
                    initial.narrow(2, 0, WIDEST), spec);
            CausalLinearAttention.Result second = withState(query.narrow(3, WIDEST, rest), key.narrow(3, WIDEST, rest),
                    value,
                    initial.narrow(2, WIDEST, rest), spec);
            return new CausalLinearAttention.Result(first.out().add(second.out()),
                    torch.cat(new TensorVector(first.state(), second.state()), 2));
        }
        long valueWidth = value.size(3);
        if (valueWidth > WIDEST) {
            long rest = valueWidth - WIDEST;
            CausalLinearAttention.Result first = withState(query, key, value.narrow(3, 0, WIDEST),
                    initial.narrow(3, 0, WIDEST), spec);
            CausalLinearAttention.Result second = withState(query, key, value.narrow(3, WIDEST, rest),
                    initial.narrow(3, WIDEST, rest), spec);
            return new CausalLinearAttention.Result(torch.cat(new TensorVector(first.out(), second.out()), 3),
                    torch.cat(new TensorVector(first.state(), second.state()), 3));
        }
        List<Tensor> outputs = apply(List.of(query, key, value, initial), spec, true);
        return new CausalLinearAttention.Result(outputs.get(0), outputs.get(1));
    }

    private static LinearAttentionSpec spec(double[] rates) {
        float[] decays = new float[rates.length];
        for (int h = 0; h < decays.length; h++) {
            decays[h] = (float) rates[h];
        }
        return LinearAttentionSpec.ofCausal(decays);
    }

    /** Inputs q, k, v and perhaps the first state; outputs o and perhaps the last state. */
    private static List<Tensor> apply(List<Tensor> inputs, LinearAttentionSpec spec, boolean state) {
        return Autograd.apply(inputs, (context, in) -> {
            List<Tensor> outputs = new ArrayList<>();
            outputs.add(rows(in.get(2)));
            if (state) {
                outputs.add(torch.empty(in.get(3).sizes()));
            }
            try (Views views = new Views()) {
                LinearAttention.forward(input(views, in), output(views, outputs), spec);
            }
            in.forEach(context::save);
            return outputs;
        }, (context, gradients) -> backward(context, gradients, spec));
    }

    private static List<Tensor> backward(Autograd.Context context, List<Tensor> gradients, LinearAttentionSpec spec) {
        List<Tensor> in = context.saved();
        List<Tensor> results = new ArrayList<>();
        for (int i = 0; i < in.size(); i++) {
            results.add(!context.needsGradient(i) ? null : i < 3 ? rows(in.get(i)) : torch.empty(in.get(i).sizes()));
        }
        try (Views views = new Views()) {
            LinearAttention.backward(input(views, in), output(views, gradients), input(views, results), spec);
        }
        return results;
    }

    /** A new (B, H, N, d) tensor whose memory is (B, N, H, d), so that heads merge as a view. */
    private static Tensor rows(Tensor like) {
        return torch.empty(like.size(0), like.size(2), like.size(1), like.size(3)).transpose(1, 2);
    }

    private static LinearAttention.Input input(Views views, List<Tensor> in) {
        Rows[] rows = new Rows[4];
        Arrays.setAll(rows, i -> i < in.size() ? views.rows(in.get(i)) : null);
        return new LinearAttention.Input(rows[0], rows[1], rows[2], rows[3]);
    }

    private static LinearAttention.Output output(Views views, List<Tensor> outputs) {
        return new LinearAttention.Output(views.rows(outputs.get(0)), outputs.size() > 1 ? views.rows(outputs.get(1))
                : null);
    }
}
