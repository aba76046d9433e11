/**
 * Readers of graphs: edge lists, tab-separated node and triple sets, graph sets in JSON lines, OGB's layout, and
 * WordNet.
 */
package io.heed.graph.data;
