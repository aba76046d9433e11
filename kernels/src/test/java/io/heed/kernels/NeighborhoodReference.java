package io.heed.kernels;

/**
 * Neighborhood attention of one head in float64 by the definition: every pair of tokens is asked, axis by axis, whether
 * the key is in the query's window.
 */
final class NeighborhoodReference {
    private final NeighborhoodSpec spec;

    NeighborhoodReference(NeighborhoodSpec spec) {
        this.spec = spec;
    }

    /** What a head gives: out (N, dv), lse (N), and the gradients of both. */
    static final class Result {
        double[][] out;
        double[] lse;
        double[][] dq;
        double[][] dk;
        double[][] dv;
        double[] dTable;
    }

    /** The place of the pair in a relative table, or -1 where the query does not see the key. */
    int entry(int query, int key) {
        int entry = 0;
        int p = query;
        int r = key;
        int step = 1;
        for (int axis = spec.rank() - 1; axis >= 0; axis--) {
            int size = spec.sizes()[axis];
            int offset = offset(axis, size, p % size, r % size);
            if (offset == Integer.MIN_VALUE) {
                return -1;
            }
            entry += step * (offset + spec.kernel()[axis] - 1);
            step *= 2 * spec.kernel()[axis] - 1;
            p /= size;
            r /= size;
        }
        return entry;
    }

    /** Steps of the dilation from query to key on one axis; the smallest integer where the key is not in the window. */
    private int offset(int axis, int size, int p, int r) {
        int k = spec.kernel()[axis];
        int s = spec.stride()[axis];
        int d = spec.dilation()[axis];
        if (p % d != r % d) {
            return Integer.MIN_VALUE;
        }
        int n = (size - p % d + d - 1) / d;
        int x = p / d;
        int y = r / d;
        boolean seen;
        if (spec.causal()[axis]) {
            int leader = Math.min(x / s * s + s - 1, n - 1);
            seen = y >= Math.max(leader - k + 1, 0) && y <= x;
        } else {
            int leader = Math.min(x / s * s + s / 2, n - 1);
            int start = Math.max(0, Math.min(leader - k / 2, n - k));
            seen = y >= start && y < start + k;
        }
        return seen ? y - x : Integer.MIN_VALUE;
    }

    Result run(double[][] q, double[][] k, double[][] v, double[] table, double[][] dOut, double[] dLse) {
        int n = q.length;
        int d = q[0].length;
        double scale = spec.scaleFor(d);
        Result result = new Result();
        result.out = new double[n][v[0].length];
        result.lse = new double[n];
        result.dq = new double[n][d];
        result.dk = new double[n][d];
        result.dv = new double[n][v[0].length];
        result.dTable = new double[spec.tableSize()];
        for (int i = 0; i < n; i++) {
            double[] weights = new double[n];
            double sum = 0;
            for (int j = 0; j < n; j++) {
                int entry = entry(i, j);
                if (entry >= 0) {
                    weights[j] = Math.exp(scale * dot(q[i], k[j]) + (table == null ? 0 : table[entry]));
                    sum += weights[j];
                }
            }
            result.lse[i] = Math.log(sum);
            double delta = -dLse[i];
            for (int j = 0; j < n; j++) {
                weights[j] /= sum;
                add(result.out[i], weights[j], v[j]);
                delta += weights[j] * dot(dOut[i], v[j]);
            }
            for (int j = 0; j < n; j++) {
                if (weights[j] > 0) {
                    double gradient = weights[j] * (dot(dOut[i], v[j]) - delta);
                    add(result.dq[i], scale * gradient, k[j]);
                    add(result.dk[j], scale * gradient, q[i]);
                    add(result.dv[j], weights[j], dOut[i]);
                    result.dTable[entry(i, j)] += gradient;
                }
            }
        }
        return result;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static void add(double[] to, double factor, double[] x) {
        for (int i = 0; i < to.length; i++) {
            to[i] += factor * x[i];
        }
    }
}
