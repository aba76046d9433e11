package io.heed.insight;

import java.util.Arrays;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.tensor.Ops;

/** Sums over chosen dimensions, and their results as arrays. */
final class Reductions {
    private Reductions() { }

    /** The sum over dimension {@code dim}. */
    static Tensor sum(Tensor x, long dim) {
        return x.sum(new long[] {dim}, false, new ScalarTypeOptional());
    }

    /** The mean over dimension {@code dim}. */
    static Tensor mean(Tensor x, long dim) {
        return x.mean(new long[] {dim}, false, new ScalarTypeOptional());
    }

    /** L2 norms of the last dimension. */
    static Tensor norms(Tensor x) {
        return torch.norm(x, new ScalarOptional(new Scalar(2)), new long[] {-1}, false);
    }

    /** Norms of the rows of (B, H, N, d), averaged over B: (H, N). */
    static float[][] meanNorms(Tensor x) {
        return rows(mean(norms(x), 0));
    }

    /** A matrix as arrays. */
    static float[][] rows(Tensor matrix) {
        float[] flat = Ops.floats(matrix);
        int width = Math.toIntExact(matrix.size(1));
        float[][] rows = new float[Math.toIntExact(matrix.size(0))][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = Arrays.copyOfRange(flat, i * width, (i + 1) * width);
        }
        return rows;
    }

    /** A tensor of three dimensions as arrays. */
    static float[][][] cube(Tensor tensor) {
        float[][][] cube = new float[Math.toIntExact(tensor.size(0))][][];
        for (int i = 0; i < cube.length; i++) {
            cube[i] = rows(tensor.select(0, i));
        }
        return cube;
    }

    /** Suffix sums along dimension 2. */
    static Tensor suffixSums(Tensor x) {
        return x.flip(2).cumsum(2).flip(2);
    }
}
