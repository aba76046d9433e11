/**
 * Graphs: a {@link io.heed.graph.Graph} in compressed sparse rows, layers on (nodes, edges), encodings of position and
 * structure, heads, and the baselines that studies compare with. One package a system below.
 */
package io.heed.graph;
