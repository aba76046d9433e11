package io.heed.catalog;

import java.util.Arrays;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.tensor.Ops;

/** Collects the largest error over a case's tensors. */
final class GoldenComparison {
    private final double tolerance;
    private double error = Double.NaN;
    private String tensor = "";
    private int compared;
    private int failed;
    private String mismatch = "";

    GoldenComparison(double tolerance) {
        this.tolerance = tolerance;
    }

    /**
     * Compares one tensor: floating ones within the tolerance, infinities and NaN where expected, others exactly.
     *
     * @param actual null when the module did not give it
     */
    void compare(String name, Tensor actual, Tensor expected) {
        compared++;
        if (actual == null) {
            fail(name, name + " is missing");
        } else if (!Arrays.equals(actual.shape(), expected.shape())) {
            fail(name, name + " is " + Ops.shape(actual) + ", expected " + Ops.shape(expected));
        } else if (actual.is_floating_point() != expected.is_floating_point()) {
            fail(name, name + " is " + Ops.type(actual) + ", expected " + Ops.type(expected));
        } else if (expected.is_floating_point()) {
            note(name, relativeError(actual, expected), tolerance);
        } else {
            note(name, differing(actual, expected), 0);
        }
    }

    GoldenResult result(String name) {
        if (compared == 0) {
            return failure(name, "the case has nothing to compare");
        }
        if (failed == 0) {
            return new GoldenResult(GoldenResult.Outcome.PASS, name, error, tensor, tolerance, "");
        }
        String what = mismatch.isEmpty() ? tensor + " is off" : mismatch;
        return failure(name, what + " (" + failed + " of " + compared + " tensors)");
    }

    GoldenResult failure(String name, String message) {
        return new GoldenResult(GoldenResult.Outcome.FAIL, name, error, tensor, tolerance, message);
    }

    private void fail(String name, String message) {
        failed++;
        if (mismatch.isEmpty()) {
            mismatch = message;
        }
    }

    private void note(String name, double found, double allowed) {
        if (!(found <= allowed)) {
            failed++;
        }
        double worst = Double.isNaN(found) ? Double.POSITIVE_INFINITY : found;
        if (tensor.isEmpty() || worst > error) {
            error = worst;
            tensor = name;
        }
    }

    private static double relativeError(Tensor actual, Tensor expected) {
        if (expected.numel() == 0) {
            return 0;
        }
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            Tensor right = expected.to(ScalarType.Double);
            Tensor left = actual.detach().cpu().to(ScalarType.Double);
            Tensor same = left.eq(right).logical_or(left.isnan().logical_and(right.isnan()));
            Tensor difference = Ops.fill(left.sub(right).abs(), same, 0);
            Tensor finite = torch.nan_to_num(right).mul(right.isfinite());
            return difference.max().item_double() / Math.max(1, finite.abs().max().item_double());
        }
    }

    /** How many elements differ. */
    private static double differing(Tensor actual, Tensor expected) {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            return actual.cpu().to(ScalarType.Long).ne(expected.to(ScalarType.Long)).sum().item_long();
        }
    }
}
