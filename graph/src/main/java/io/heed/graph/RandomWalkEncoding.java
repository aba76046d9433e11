package io.heed.graph;

import java.util.Map;
import java.util.TreeMap;

import io.heed.kernels.Csr;
import io.heed.kernels.Workers;

/**
 * Random-walk structural encoding: for each node the probabilities that a walk of 1 to k steps along the edges, each
 * chosen with equal chance, ends where it began (the diagonals of (D^-1 A)^1 to (D^-1 A)^k). A walk at a node without
 * outgoing edges ends there.
 */
public final class RandomWalkEncoding {
    private RandomWalkEncoding() { }

    /** Return probabilities (N, k), row by row. */
    public static float[] of(Graph graph, int k) {
        int n = graph.nodes();
        float[] result = new float[n * k];
        Csr out = graph.csr().transpose();
        // one walk distribution a start: only the nodes within k steps are touched
        Workers.run(n, start -> {
            Map<Integer, Double> here = Map.of(start, 1.0);
            for (int step = 0; step < k; step++) {
                Map<Integer, Double> next = new TreeMap<>();
                here.forEach((node, mass) -> {
                    int degree = out.degree(node);
                    for (int slot = out.first(node); slot < out.first(node + 1); slot++) {
                        next.merge(out.column(slot), mass / degree, Double::sum);
                    }
                });
                result[start * k + step] = next.getOrDefault(start, 0.0).floatValue();
                here = next;
            }
        });
        return result;
    }
}
