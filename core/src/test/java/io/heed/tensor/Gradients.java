package io.heed.tensor;

import java.util.Map;
import java.util.function.Supplier;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

import static org.assertj.core.api.Assertions.assertThat;

/** What suites that modules inherit ask of tensors and gradients. */
public final class Gradients {
    private static final double STEP = 1e-5;

    private Gradients() { }

    /**
     * Asserts that every leaf has a gradient and that some of its coordinates, drawn from a fixed seed, equal the
     * central difference of the loss.
     *
     * @param loss      the float64 loss, built anew at each call
     * @param leaves    what it depends on, by name; the gradients are filled here
     * @param trials    coordinates of each leaf
     * @param tolerance largest difference, relative to the larger of 1 and the leaf's largest gradient
     */
    public static void assertNumerical(Supplier<Tensor> loss, Map<String, Tensor> leaves, int trials,
            double tolerance) {
        loss.get().backward();
        var random = Seeds.random(11, "coordinates", 0);
        leaves.forEach((name, leaf) -> {
            Tensor gradient = leaf.grad();
            assertThat(gradient.defined()).as("%s has a gradient", name).isTrue();
            double[] analytic = Ops.doubles(gradient);
            double largest = Math.max(1, gradient.abs().max().item_double());
            for (int trial = 0; trial < trials; trial++) {
                int at = random.nextInt(analytic.length);
                double numerical = derivative(loss, leaf, at);
                assertThat(Math.abs(analytic[at] - numerical) / largest)
                        .as("d loss / d %s[%d]: analytic %s, numerical %s", name, at, analytic[at], numerical)
                        .isLessThan(tolerance);
            }
        });
    }

    private static double derivative(Supplier<Tensor> loss, Tensor leaf, int at) {
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor element = leaf.view(-1).select(0, at);
            double value = element.item_double();
            element.fill_(new Scalar(value + STEP));
            double above = loss.get().item_double();
            element.fill_(new Scalar(value - STEP));
            double below = loss.get().item_double();
            element.fill_(new Scalar(value));
            return (above - below) / (2 * STEP);
        }
    }

    /** Asserts that no element is farther off than {@code tolerance} times the largest expected value (at least 1). */
    public static void assertClose(String what, Tensor actual, Tensor expected, double tolerance) {
        assertThat(actual.shape()).as(what).containsExactly(expected.shape());
        double largest = Math.max(1, expected.abs().max().item_double());
        assertThat(Ops.largestDifference(actual, expected) / largest).as(what).isLessThanOrEqualTo(tolerance);
    }
}
