package io.heed.graph;

/**
 * The normalised Laplacian I - D^-1/2 A D^-1/2 of a graph: A counts the edges, D is the in-degree clipped at 1 from
 * below. Made symmetric as (A + A^T) / 2 where the graph is directed.
 */
final class Laplacian {
    private final Graph graph;
    private final double[] scale;

    Laplacian(Graph graph) {
        this.graph = graph;
        this.scale = new double[graph.nodes()];
        int[] degree = graph.inDegrees();
        for (int i = 0; i < scale.length; i++) {
            scale[i] = 1 / Math.sqrt(Math.max(1, degree[i]));
        }
    }

    int size() {
        return scale.length;
    }

    /** The whole matrix, row by row. */
    double[] dense() {
        int n = size();
        double[] matrix = new double[n * n];
        for (int i = 0; i < n; i++) {
            matrix[i * n + i] = 1;
        }
        for (int e = 0; e < graph.edges(); e++) {
            int s = graph.source()[e];
            int t = graph.target()[e];
            double half = scale[s] * scale[t] / 2;
            matrix[s * n + t] -= half;
            matrix[t * n + s] -= half;
        }
        return matrix;
    }

    /** {@code y = (2 I - L) x}: its largest eigenvalues are L's smallest. */
    void reflected(double[] x, int xAt, double[] y, int yAt) {
        int n = size();
        System.arraycopy(x, xAt, y, yAt, n);
        for (int e = 0; e < graph.edges(); e++) {
            int s = graph.source()[e];
            int t = graph.target()[e];
            double half = scale[s] * scale[t] / 2;
            y[yAt + t] += half * x[xAt + s];
            y[yAt + s] += half * x[xAt + t];
        }
    }
}
