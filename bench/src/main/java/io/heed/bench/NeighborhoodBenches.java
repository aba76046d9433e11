package io.heed.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.NeighborhoodSpec;
import io.heed.nn.ComposedNeighborhood;
import io.heed.nn.FusedNeighborhood;

/**
 * 2-D neighborhood attention against the better of two compositions in libtorch: windows gathered into (N, window, d),
 * and dense attention with the window's mask.
 */
final class NeighborhoodBenches {
    private static final int HEADS = 4;
    private static final int WIDTH = 32;
    private static final int SIDE = 64;
    private static final String OTHER = "the better of gathered windows and masked attention in libtorch";
    private static final double TOLERANCE = 2e-4;

    private NeighborhoodBenches() { }

    static List<BenchCase> all() {
        List<BenchCase> cases = new ArrayList<>();
        for (int kernel : new int[] {7, 13}) {
            String shape = "1x" + HEADS + "x" + SIDE + "x" + SIDE + "x" + WIDTH + " kernel " + kernel;
            cases.add(new SideBySide("neighborhood-forward", shape, OTHER, () -> sides(kernel, false)));
            cases.add(new SideBySide("neighborhood-forward-backward", shape, OTHER, () -> sides(kernel, true)));
        }
        // a ratio of 49 / 169 is time in proportion to the window's area
        cases.add(new SideBySide("neighborhood-area", "1x" + HEADS + "x" + SIDE + "x" + SIDE + "x" + WIDTH
                + " kernel 13", "heed at kernel 7", () -> {
            Inputs large = new Inputs(13);
            Inputs small = new Inputs(7);
            return new SideBySide.Sides(() -> large.run(large::heed, false, large.result),
                    () -> small.run(small::heed, false, small.result), () -> 0.0, 0);
        }));
        return cases;
    }

    private static SideBySide.Sides sides(int kernel, boolean backward) {
        Inputs in = new Inputs(kernel);
        Runnable gathered = () -> in.run(in::gathered, backward, in.expected);
        Runnable masked = () -> in.run(in::masked, backward, in.expected);
        Timing timing = Timing.interleaved(gathered, masked);
        return new SideBySide.Sides(() -> in.run(in::heed, backward, in.result),
                timing.firstMillis() < timing.secondMillis() ? gathered : masked,
                () -> Tensors.difference(in.result, in.expected), TOLERANCE);
    }

    private static final class Inputs {
        final NeighborhoodSpec spec;
        final ComposedNeighborhood composed;
        final Tensor q = Tensors.normal(1, HEADS, SIDE * SIDE, WIDTH).requires_grad_(true);
        final Tensor k = Tensors.normal(1, HEADS, SIDE * SIDE, WIDTH).requires_grad_(true);
        final Tensor v = Tensors.normal(1, HEADS, SIDE * SIDE, WIDTH).requires_grad_(true);
        final Tensor gradient = Tensors.normal(1, HEADS, SIDE * SIDE, WIDTH);
        final TensorOptional seen;
        final Tensor result = Tensors.zeros(1, HEADS, SIDE * SIDE, WIDTH);
        final Tensor expected = Tensors.zeros(1, HEADS, SIDE * SIDE, WIDTH);

        Inputs(int kernel) {
            spec = NeighborhoodSpec.of(new int[] {SIDE, SIDE}, kernel, kernel);
            composed = new ComposedNeighborhood(spec);
            seen = new TensorOptional(composed.mask().logical_not());
        }

        Tensor heed() {
            return FusedNeighborhood.apply(q, k, v, null, spec).out();
        }

        Tensor gathered() {
            return composed.apply(q, k, v, null).out();
        }

        Tensor masked() {
            return torch.scaled_dot_product_attention(q, k, v, seen, 0, false, new DoubleOptional(), false);
        }

        /**
         * Leaves in {@code to} the output of a forward pass, or the sum of all gradients after a pass in both
         * directions.
         */
        void run(Supplier<Tensor> form, boolean backward, Tensor to) {
            try (PointerScope _ = new PointerScope(); AutoGradMode _ = new AutoGradMode(backward)) {
                Tensor out = form.get();
                if (backward) {
                    TensorVector gradients = torch.grad(new TensorVector(out), new TensorVector(q, k, v),
                            new TensorVector(gradient), new BoolOptional(false), false, false);
                    out = gradients.get(0).add(gradients.get(1)).add(gradients.get(2));
                }
                to.set_data(out);
            }
        }
    }
}
