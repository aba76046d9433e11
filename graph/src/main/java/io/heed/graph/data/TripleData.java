package io.heed.graph.data;

import java.util.List;

/**
 * A knowledge graph as triples (head, relation, tail).
 *
 * @param name      the data set
 * @param entities  a name each
 * @param relations a name each
 * @param train     (triples, 3)
 * @param valid     (triples, 3)
 * @param test      (triples, 3)
 */
public record TripleData(String name, List<String> entities, List<String> relations, int[][] train, int[][] valid,
                         int[][] test) { }
