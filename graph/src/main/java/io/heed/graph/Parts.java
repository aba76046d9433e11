package io.heed.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The graphs of a batch, one by one, without features or edge types. */
final class Parts {
    private Parts() { }

    static List<Graph> of(Graph batch) {
        int[] size = new int[batch.parts()];
        int[] edges = new int[batch.parts()];
        for (int p : batch.part()) {
            size[p]++;
        }
        for (int t : batch.target()) {
            edges[batch.part()[t]]++;
        }
        int[][] source = new int[batch.parts()][];
        int[][] target = new int[batch.parts()][];
        int[] first = new int[batch.parts()];
        for (int p = 0; p < batch.parts(); p++) {
            source[p] = new int[edges[p]];
            target[p] = new int[edges[p]];
            first[p] = p == 0 ? 0 : first[p - 1] + size[p - 1];
        }
        int[] next = new int[batch.parts()];
        for (int e = 0; e < batch.edges(); e++) {
            int p = batch.part()[batch.target()[e]];
            source[p][next[p]] = batch.source()[e] - first[p];
            target[p][next[p]++] = batch.target()[e] - first[p];
        }
        List<Graph> graphs = new ArrayList<>();
        for (int p = 0; p < batch.parts(); p++) {
            if (size[p] > 0) {
                graphs.add(Graph.directed(size[p], source[p], target[p]));
            }
        }
        return graphs;
    }

    /** In-degrees as categories, the largest counting for all above it. */
    static NodeFeatures.Categories degrees(Graph graph, int largest) {
        int[] degrees = graph.inDegrees();
        return new NodeFeatures.Categories(Arrays.stream(degrees).map(d -> Math.min(d, largest)).toArray(),
                largest + 1);
    }
}
