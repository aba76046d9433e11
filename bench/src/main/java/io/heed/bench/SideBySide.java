package io.heed.bench;

import java.util.function.Supplier;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;

/**
 * Heed's kernel against another computation of the same outputs. The ratio is the other's time over Heed's.
 *
 * @param bench what is measured
 * @param shape at what shape
 * @param other what it is measured against
 * @param setup makes the tensors and both sides; called inside a pointer scope, without gradients
 */
record SideBySide(String bench, String shape, String other, Supplier<Sides> setup) implements BenchCase {
    /**
     * Both sides over the same tensors.
     *
     * @param heed       Heed's side
     * @param other      the other side
     * @param difference the largest difference between the outputs that the two left behind, relative to the largest
     *                   output
     * @param tolerance  the largest difference that float32 rounding explains
     */
    record Sides(Runnable heed, Runnable other, Supplier<Double> difference, double tolerance) { }

    @Override
    public BenchResult measure() {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            Sides sides = setup.get();
            sides.heed.run();
            sides.other.run();
            double difference = sides.difference.get();
            if (!(difference <= sides.tolerance)) {
                throw new IllegalStateException(bench + " " + shape + ": outputs differ from " + other + "'s by "
                        + difference
                        + ", more than " + sides.tolerance);
            }
            Timing timing = Timing.interleaved(sides.heed, sides.other);
            return new BenchResult(bench, shape, timing.firstMillis(), other, timing.secondMillis(),
                    timing.secondMillis() / timing.firstMillis(), Floors.of(bench, shape).orElse(Double.NaN));
        }
    }
}
