package io.heed.graph.data;

import java.util.List;
import java.util.Locale;

import io.heed.data.Split;
import io.heed.graph.Graph;

/**
 * A graph whose nodes are to be classified.
 *
 * @param name    the data set
 * @param graph   with features
 * @param labels  class of each node; -1 for none
 * @param classes C
 * @param splits  the published splits, at least one
 */
public record NodeData(String name, Graph graph, int[] labels, int classes, List<NodeSplit> splits) {
    /**
     * @throws IllegalArgumentException when there is not one label a node, a label is out of range, or a split has a
     *         node
     *                                  without one
     */
    public NodeData {
        splits = List.copyOf(splits);
        if (labels.length != graph.nodes()) {
            throw new IllegalArgumentException(name + ": " + labels.length + " labels for " + graph.nodes() + " nodes");
        }
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] < -1 || labels[i] >= classes) {
                throw new IllegalArgumentException(name + ": node " + i + " has label " + labels[i] + ", must be -1 to "
                        + (classes - 1));
            }
        }
        for (NodeSplit split : splits) {
            for (Split part : Split.values()) {
                for (int node : split.of(part)) {
                    if (labels[node] < 0) {
                        throw new IllegalArgumentException(name + ": node " + node + " is for "
                                + part.name().toLowerCase(Locale.ROOT) + " but has no label");
                    }
                }
            }
        }
    }
}
