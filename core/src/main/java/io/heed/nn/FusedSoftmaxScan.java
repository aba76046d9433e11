package io.heed.nn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.PrefixScan;
import io.heed.kernels.Rows;
import io.heed.kernels.ScanState;
import io.heed.tensor.Autograd;
import io.heed.tensor.View;

/** {@link SoftmaxScan} through the kernel {@link PrefixScan}: linear work forward and backward. */
final class FusedSoftmaxScan {
    /** Which states a scan gives besides its outputs. */
    private enum Wanted { NONE, LAST, PREFIXES }

    private FusedSoftmaxScan() { }

    static Tensor outputs(Tensor scores, Tensor values) {
        return apply(List.of(scores, values), Wanted.NONE).getFirst();
    }

    static SoftmaxScan.Result scan(Tensor scores, Tensor values, SoftmaxState initial) {
        return result(apply(List.of(scores, values, initial.maximum(), initial.normaliser(), initial.weighted()),
                Wanted.LAST));
    }

    static SoftmaxScan.Result prefixes(Tensor scores, Tensor values) {
        return result(apply(List.of(scores, values), Wanted.PREFIXES));
    }

    private static SoftmaxScan.Result result(List<Tensor> outputs) {
        return new SoftmaxScan.Result(outputs.get(0),
                new SoftmaxState(outputs.get(1), outputs.get(2), outputs.get(3)));
    }

    private static List<Tensor> apply(List<Tensor> inputs, Wanted wanted) {
        return Autograd.apply(inputs,
                (context, in) -> {
                    List<Tensor> outputs = forward(in, wanted);
                    in.forEach(context::save);
                    context.save(outputs.getFirst());
                    return outputs;
                },
                (context, gradients) -> backward(context, gradients, wanted));
    }

    private static List<Tensor> forward(List<Tensor> in, Wanted wanted) {
        Tensor values = in.get(1);
        long batch = values.size(0);
        long heads = values.size(1);
        long length = values.size(2);
        long width = values.size(3);
        List<Tensor> outputs = new ArrayList<>();
        outputs.add(torch.empty(batch, length, heads, width).transpose(1, 2)); // heads side by side, to merge as a view
        if (wanted == Wanted.LAST) {
            outputs.add(torch.empty(batch, heads));
            outputs.add(torch.empty(batch, heads));
            outputs.add(torch.empty(batch, heads, width));
        } else if (wanted == Wanted.PREFIXES) {
            outputs.add(torch.empty(batch, heads, length));
            outputs.add(torch.empty(batch, heads, length));
            outputs.add(torch.empty(batch, heads, length, width));
        }
        try (Views views = new Views()) {
            PrefixScan.forward(views.input(in), views.output(outputs, wanted));
        }
        return outputs;
    }

    private static List<Tensor> backward(Autograd.Context context, List<Tensor> gradients, Wanted wanted) {
        List<Tensor> saved = context.saved();
        List<Tensor> in = saved.subList(0, saved.size() - 1);
        List<Tensor> results = new ArrayList<>();
        for (int i = 0; i < in.size(); i++) {
            results.add(context.needsGradient(i) ? torch.empty(in.get(i).sizes()) : null);
        }
        // the state's three gradients come in one piece
        for (int i = 2; i < in.size() && needsState(context); i++) {
            results.set(i, torch.empty(in.get(i).sizes()));
        }
        try (Views views = new Views()) {
            PrefixScan.backward(views.input(in), views.readRows(saved.getLast()), views.output(gradients, wanted),
                    views.result(results));
        }
        return results;
    }

    private static boolean needsState(Autograd.Context context) {
        return context.needsGradient(2) || context.needsGradient(3) || context.needsGradient(4);
    }

    /** The kernel's views of tensors, held until the kernel is done. */
    private static final class Views implements AutoCloseable {
        private final List<View> open = new ArrayList<>();

        /** scores and values, then perhaps the initial state. */
        PrefixScan.Input input(List<Tensor> in) {
            return new PrefixScan.Input(column(in.get(0)), readRows(in.get(1)),
                    in.size() == 2 ? null : state(in.subList(2, 5)));
        }

        /** The same, to write gradients to. */
        PrefixScan.Input result(List<Tensor> in) {
            return new PrefixScan.Input(column(in.get(0)), readRows(in.get(1)),
                    in.size() == 2 || in.get(2) == null ? null : state(in.subList(2, 5)));
        }

        PrefixScan.Output output(List<Tensor> outputs, Wanted wanted) {
            Rows out = readRows(outputs.getFirst());
            return switch (wanted) {
                case NONE -> new PrefixScan.Output(out, null, null);
                case LAST -> new PrefixScan.Output(out, null, state(outputs.subList(1, 4)));
                case PREFIXES -> new PrefixScan.Output(out, prefixes(outputs.subList(1, 4)), null);
            };
        }

        Rows readRows(Tensor tensor) {
            return tensor == null ? null : hold(View.read(tensor));
        }

        /** (B, H, N) as (B, H, N, 1). */
        private Rows column(Tensor tensor) {
            return tensor == null ? null : hold(View.read(tensor.unsqueeze(-1)));
        }

        /** (B, H), (B, H), (B, H, d) as states of one row. */
        private ScanState state(List<Tensor> parts) {
            if (parts.stream().allMatch(part -> part == null)) {
                return null;
            }
            Rows[] rows = new Rows[3];
            Arrays.setAll(rows, i -> {
                Tensor part = parts.get(i);
                return part == null ? null : i < 2 ? column(part.unsqueeze(-1)) : readRows(part.unsqueeze(2));
            });
            return new ScanState(rows[0], rows[1], rows[2]);
        }

        private ScanState prefixes(List<Tensor> parts) {
            return new ScanState(column(parts.get(0)), column(parts.get(1)), readRows(parts.get(2)));
        }

        /** What is written is fresh and dense, so that no view here is of a copy but those of incoming gradients. */
        private Rows hold(View view) {
            open.add(view);
            return view.rows();
        }

        @Override
        public void close() {
            open.forEach(View::close);
        }
    }
}
