package io.heed.graph.data;

import java.util.List;

import io.heed.graph.Graph;

/**
 * Graphs to be classified, with ten folds.
 *
 * @param name    the data set
 * @param graphs  with features
 * @param labels  class of each graph
 * @param classes C
 * @param folds   the fold in which each graph is tested; -1: in none, always for training
 */
public record GraphData(String name, List<Graph> graphs, int[] labels, int classes, int[] folds) { }
