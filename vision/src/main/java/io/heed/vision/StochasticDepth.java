package io.heed.vision;

import java.util.Arrays;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Leaves out a residual branch of some images in training (arXiv 1603.09382), and scales the others up to the same
 * mean.
 */
public final class StochasticDepth {
    private StochasticDepth() { }

    /** The rate of block {@code layer}: from 0 at the first to {@code rate} at the last. */
    public static double at(double rate, int layer, int layers) {
        return layers < 2 ? rate : rate * layer / (layers - 1);
    }

    /**
     * Drops whole images of a branch.
     *
     * @param branch (B, ...)
     * @param rate   probability for an image
     */
    public static Tensor drop(Tensor branch, double rate) {
        long[] shape = new long[Math.toIntExact(branch.dim())];
        Arrays.fill(shape, 1);
        shape[0] = branch.size(0);
        Tensor kept = branch.new_empty(shape).bernoulli_(1 - rate, null);
        return branch.mul(kept.div_(new Scalar(1 - rate)));
    }
}
