package io.heed.graph.data;

import java.util.List;

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
    /** @throws IllegalArgumentException when there is not one label a node, or a label is not below C */
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
    }
}
