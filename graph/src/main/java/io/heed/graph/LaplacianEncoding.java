package io.heed.graph;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.data.CounterRandom;
import io.heed.tensor.Ops;

/**
 * Laplacian positional encoding: eigenvectors of the normalised Laplacian, ascending by eigenvalue, the first one
 * dropped, the next k kept, each of length 1 with its largest entry positive. In a batch each graph has its own. A
 * graph with fewer than k + 1 nodes gets columns of 0 for those that it lacks.
 *
 * <p>With several components only the first column is dropped, so other eigenvectors of eigenvalue 0 stay. Eigenvectors
 * of a repeated eigenvalue are any basis of their space.
 */
public final class LaplacianEncoding {
    /** From this many nodes on, ARPACK works out the few eigenvectors; below, all are worked out at once. */
    static final int DENSE_BELOW = 2000;
    /** Keeps the draw of signs apart from other draws under the same key. */
    private static final long SIGNS = 1;

    private LaplacianEncoding() { }

    /**
     * What the encoding of one graph is made of.
     *
     * @param vectors (N, k) row by row
     * @param values  (k) eigenvalues; 0 for columns that the graph lacks
     */
    public record Eigenvectors(float[] vectors, float[] values) { }

    /**
     * The encoding of every graph of a batch, (N, k) row by row.
     *
     * @throws IllegalArgumentException when k is not positive
     */
    public static float[] of(Graph graph, int k) {
        if (graph.parts() == 1) {
            return eigenvectors(graph, k).vectors;
        }
        float[] all = new float[graph.nodes() * k];
        int at = 0;
        for (Graph part : Parts.of(graph)) {
            float[] own = eigenvectors(part, k).vectors;
            System.arraycopy(own, 0, all, at, own.length);
            at += own.length;
        }
        return all;
    }

    /** Eigenvectors 1 to k of one graph, with their eigenvalues. */
    public static Eigenvectors eigenvectors(Graph graph, int k) {
        if (k < 1) {
            throw new IllegalArgumentException("k is " + k + ", must be at least 1");
        }
        return graph.nodes() < DENSE_BELOW || k + 1 >= graph.nodes() / 2 ? dense(graph, k) : sparse(graph, k);
    }

    static Eigenvectors dense(Graph graph, int k) {
        int n = graph.nodes();
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            T_TensorTensor_T solved = torch.linalg_eigh(Ops.of(new Laplacian(graph).dense(), n, n), "L");
            return pick(Ops.doubles(solved.get0()), Ops.doubles(solved.get1().t()), n, k);
        }
    }

    static Eigenvectors sparse(Graph graph, int k) {
        Lanczos.Result result = Lanczos.smallest(new Laplacian(graph), k + 1);
        return pick(result.values(), result.vectors(), graph.nodes(), k);
    }

    /**
     * The same encoding with the sign of every column drawn at random: one draw a column for the whole batch.
     *
     * @param encoding (N, k)
     * @param key      names the draw, e.g. {@code Step.key()}
     */
    public static Tensor flip(Tensor encoding, long key) {
        CounterRandom random = new CounterRandom(CounterRandom.key(key, SIGNS));
        float[] signs = new float[(int) encoding.size(1)];
        for (int i = 0; i < signs.length; i++) {
            signs[i] = random.nextDouble() >= 0.5 ? 1 : -1;
        }
        return encoding.mul(Ops.of(signs));
    }

    /** Columns 1 to k of eigenvectors that are given one after the other, ascending by eigenvalue. */
    private static Eigenvectors pick(double[] values, double[] vectors, int n, int k) {
        float[] kept = new float[n * k];
        float[] eigenvalues = new float[k];
        for (int column = 0; column < Math.min(k, values.length - 1); column++) {
            int from = (column + 1) * n;
            int largest = 0;
            for (int i = 1; i < n; i++) {
                // a margin, so that rounding does not choose between entries of equal size
                largest = Math.abs(vectors[from + i]) > Math.abs(vectors[from + largest]) + 1e-9 ? i : largest;
            }
            double sign = Math.signum(vectors[from + largest]);
            for (int i = 0; i < n; i++) {
                kept[i * k + column] = (float) (sign * vectors[from + i]);
            }
            eigenvalues[column] = (float) values[column + 1];
        }
        return new Eigenvectors(kept, eigenvalues);
    }
}
