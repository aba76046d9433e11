package io.heed.vision.neighborhood;

import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.NeighborhoodSpec;
import io.heed.kernels.Workers;
import io.heed.nn.ComposedNeighborhood;
import io.heed.nn.FusedNeighborhood;
import io.heed.sequence.Timings;
import io.heed.tensor.Ops;

/** Four ways to attend to neighbourhoods, timed on one grid with {@value #HEADS} heads of {@value #WIDTH}. */
final class NeighborhoodArms {
    static final int HEADS = 4;
    static final int WIDTH = 32;

    /**
     * Median milliseconds on one grid.
     *
     * @param spec         the grid and its windows
     * @param fused        the tiled kernel
     * @param gathered     windows copied out and attended to, unfused
     * @param naive        one number at a time
     * @param dense        attention over the whole grid with a mask
     * @param fusedBoth    the tiled kernel, with the backward pass; likewise the others
     */
    record Row(NeighborhoodSpec spec, double fused, double gathered, double naive, double dense, double fusedBoth,
               double gatheredBoth, double denseBoth) {
        /** The grid and window, e.g. {@code 64x64, 7x7}. */
        String name() {
            return text(spec.sizes()) + ", " + text(spec.kernel());
        }
    }

    private NeighborhoodArms() { }

    /** Bytes that the fused form keeps besides inputs and outputs, on all threads. */
    static long fusedBytes(NeighborhoodSpec spec) {
        return Workers.count() * io.heed.kernels.NeighborhoodAttention.scratchBytes(spec, WIDTH, WIDTH);
    }

    /** Bytes of the copied windows of keys and values and of their weights. */
    static long gatheredBytes(NeighborhoodSpec spec) {
        return (2L * WIDTH + 1) * HEADS * spec.tokens() * spec.window() * Float.BYTES;
    }

    /** Bytes of the mask, as libtorch's kernel takes it. */
    static long denseBytes(NeighborhoodSpec spec) {
        return (long) spec.tokens() * spec.tokens() * Float.BYTES;
    }

    /** Times the four, and all but the naive loop with their backward passes, those in half as many rounds. */
    static Row measure(NeighborhoodSpec spec, int rounds) {
        try (PointerScope _ = new PointerScope()) {
            Tensor q = input(spec);
            Tensor k = input(spec);
            Tensor v = input(spec);
            Tensor gradient = torch.randn(1, HEADS, spec.tokens(), WIDTH);
            ComposedNeighborhood composed = new ComposedNeighborhood(spec);
            TensorOptional seen = new TensorOptional(composed.mask().logical_not());
            NaiveNeighborhood naive = new NaiveNeighborhood(spec);
            float[][] arrays = {Ops.floats(q), Ops.floats(k), Ops.floats(v), new float[HEADS * spec.tokens() * WIDTH]};
            Supplier<Tensor> fused = () -> FusedNeighborhood.apply(q, k, v, null, spec).out();
            Supplier<Tensor> gathered = () -> composed.apply(q, k, v, null).out();
            Supplier<Tensor> dense = () -> torch.scaled_dot_product_attention(q, k, v, seen, 0, false,
                    new DoubleOptional(), false);
            double[] forward = Timings.medians(rounds, () -> forward(fused), () -> forward(gathered),
                    () -> naive.forward(HEADS, WIDTH, arrays[0], arrays[1], arrays[2], arrays[3]),
                    () -> forward(dense));
            TensorVector inputs = new TensorVector(q, k, v);
            double[] both = Timings.medians((rounds + 1) / 2, () -> both(fused, inputs, gradient),
                    () -> both(gathered, inputs, gradient), () -> both(dense, inputs, gradient));
            return new Row(spec, 1e3 * forward[0], 1e3 * forward[1], 1e3 * forward[2], 1e3 * forward[3], 1e3 * both[0],
                    1e3 * both[1], 1e3 * both[2]);
        }
    }

    private static void forward(Supplier<Tensor> form) {
        try (AutoGradMode _ = new AutoGradMode(false)) {
            form.get();
        }
    }

    private static void both(Supplier<Tensor> form, TensorVector inputs, Tensor gradient) {
        torch.grad(new TensorVector(form.get()), inputs, new TensorVector(gradient), new BoolOptional(false), false,
                false);
    }

    private static Tensor input(NeighborhoodSpec spec) {
        return torch.randn(1, HEADS, spec.tokens(), WIDTH).requires_grad_(true);
    }

    private static String text(int[] numbers) {
        return Arrays.stream(numbers).mapToObj(Integer::toString).collect(Collectors.joining("x"));
    }
}
