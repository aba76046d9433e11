package io.heed.nn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.DiagonalScan;
import io.heed.kernels.Rows;
import io.heed.tensor.Autograd;
import io.heed.tensor.Ops;

/**
 * h_t = a_t h_{t-1} + x_t, element by element: the recurrence that state space models and gated RNNs without
 * hidden-to-gate weights share. All of a, x and the first state get gradients.
 */
public final class DiagonalRecurrence {
    private DiagonalRecurrence() { }

    /**
     * Every state.
     *
     * @param gates   a, (B, N, ...)
     * @param inputs  x, of the same shape
     * @param initial the state before the first token, (B, ...), or null for 0
     * @param form    the kernel takes (B, N, d); more dimensions run composed
     * @return h, (B, N, ...)
     */
    public static Tensor states(Tensor gates, Tensor inputs, Tensor initial, Form form) {
        if (gates.dim() < 3 || !Arrays.equals(gates.shape(), inputs.shape()) || gates.size(1) < 1) {
            throw new IllegalArgumentException("a recurrence takes gates and inputs (B, N, ...) of one shape, got "
                    + Ops.shape(gates) + " and " + Ops.shape(inputs));
        }
        if (gates.dim() == 3 && form.isFused(gates)) {
            return fused(gates, inputs, initial);
        }
        Tensor first = inputs.narrow(1, 0, 1);
        Tensor x = initial == null ? inputs
                : Ops.cat(1, first.add(gates.narrow(1, 0, 1).mul(initial.unsqueeze(1))),
                        inputs.narrow(1, 1, inputs.size(1) - 1));
        return scan(gates, x);
    }

    /**
     * In log2 N rounds and linear work: neighbours (a, x), (a', x') are one step (a' a, a' x + x'); the states after
     * odd tokens are the scan of these, those after even tokens one step further.
     */
    private static Tensor scan(Tensor a, Tensor x) {
        long length = a.size(1);
        if (length == 1) {
            return x;
        }
        long even = length - length % 2;
        Tensor rightGate = Ops.slice(a, 1, 1, even, 2);
        Tensor odd = scan(rightGate.mul(Ops.slice(a, 1, 0, even, 2)),
                rightGate.mul(Ops.slice(x, 1, 0, even, 2)).add(Ops.slice(x, 1, 1, even, 2))); // h_1, h_3, ..
        Tensor before = odd.narrow(1, 0, (length + 1) / 2 - 1);
        Tensor later = Ops.slice(a, 1, 2, length, 2).mul(before).add(Ops.slice(x, 1, 2, length, 2)); // h_2, h_4, ..
        Tensor evens = Ops.cat(1, x.narrow(1, 0, 1), later);
        long pairs = even / 2;
        Tensor paired = Ops.stack(2, evens.narrow(1, 0, pairs), odd).flatten(1, 2);
        return length == even ? paired : Ops.cat(1, paired, evens.narrow(1, pairs, 1));
    }

    private static Tensor fused(Tensor gates, Tensor inputs, Tensor initial) {
        List<Tensor> given = new ArrayList<>(List.of(gates, inputs));
        if (initial != null) {
            given.add(initial);
        }
        return Autograd.apply(given, (context, in) -> {
            Tensor states = torch.empty(gates.sizes());
            try (Views views = new Views()) {
                DiagonalScan.forward(views.oneHead(in.get(0)), views.oneHead(in.get(1)), state(views, in),
                        views.oneHead(states));
            }
            context.save(states);
            in.forEach(context::save);
            return List.of(states);
        }, DiagonalRecurrence::backward).getFirst();
    }

    private static List<Tensor> backward(Autograd.Context context, List<Tensor> gradients) {
        List<Tensor> saved = context.saved();
        List<Tensor> in = saved.subList(1, saved.size());
        List<Tensor> results = new ArrayList<>();
        for (int i = 0; i < in.size(); i++) {
            results.add(context.needsGradient(i) ? torch.empty(in.get(i).sizes()) : null);
        }
        try (Views views = new Views()) {
            DiagonalScan.backward(views.oneHead(in.get(0)), state(views, in), views.oneHead(saved.getFirst()),
                    views.oneHead(gradients.getFirst()), views.oneHead(results.get(0)), views.oneHead(results.get(1)),
                    state(views, results));
        }
        return results;
    }

    /** The state (B, d), if given, as (B, 1, 1, d). */
    private static Rows state(Views views, List<Tensor> tensors) {
        Tensor state = tensors.size() < 3 ? null : tensors.get(2);
        return state == null ? null : views.oneHead(state.unsqueeze(1));
    }
}
