package io.heed.graph.transformer;

import java.util.ArrayList;
import java.util.List;

import io.heed.data.CounterRandom;
import io.heed.graph.Graph;
import io.heed.graph.LaplacianEncoding;
import io.heed.graph.NodeFeatures;

/**
 * A small set after PATTERN: graphs of 40 to 60 nodes in five communities (edges with chance 0.5 within one and 0.2
 * between two), into each of which the same pattern of 12 nodes is planted: its edges (chance 0.5) and its nodes'
 * categories are drawn once for the whole set, its edges to the rest (chance 0.5) anew for every graph. Nodes have a
 * category of 0, 1 or 2; the label says whether a node belongs to the pattern.
 */
final class PlantedPatterns {
    static final int CATEGORIES = 3;
    static final int PATTERN = 12;
    static final int POSITIONS = 2;
    private static final int SMALLEST = 40;
    private static final int LARGEST = 60;
    private static final int COMMUNITIES = 5;
    private static final double INSIDE = 0.5;
    private static final double BETWEEN = 0.2;
    private static final double PATTERN_EDGE = 0.5;
    private static final long PATTERN_STREAM = -1;

    /** A graph with its nodes' labels and its Laplacian encoding (N, {@value #POSITIONS}). */
    record Labelled(Graph graph, int[] labels, float[] encoding) { }

    private final long seed;
    private final boolean[][] edges = new boolean[PATTERN][PATTERN];
    private final int[] categories = new int[PATTERN];

    PlantedPatterns(long seed) {
        this.seed = seed;
        CounterRandom random = new CounterRandom(CounterRandom.key(seed, PATTERN_STREAM));
        for (int i = 0; i < PATTERN; i++) {
            categories[i] = random.nextInt(CATEGORIES);
            for (int j = 0; j < i; j++) {
                edges[i][j] = random.nextDouble() < PATTERN_EDGE;
            }
        }
    }

    /** Graphs {@code first} to {@code first + count - 1} of the endless set. */
    List<Labelled> graphs(int first, int count) {
        List<Labelled> graphs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            graphs.add(graph(new CounterRandom(CounterRandom.key(seed, first + i))));
        }
        return graphs;
    }

    private Labelled graph(CounterRandom random) {
        int nodes = SMALLEST + random.nextInt(LARGEST - SMALLEST + 1);
        int[] place = new int[nodes];
        for (int i = 0; i < nodes; i++) {
            int j = random.nextInt(i + 1);
            place[i] = place[j];
            place[j] = i;
        }
        int[] community = new int[nodes];
        int[] category = new int[nodes];
        int[] label = new int[nodes];
        for (int i = 0; i < nodes; i++) {
            community[i] = random.nextInt(COMMUNITIES);
            category[place[i]] = i < PATTERN ? categories[i] : random.nextInt(CATEGORIES);
            label[place[i]] = i < PATTERN ? 1 : 0;
        }
        List<int[]> pairs = new ArrayList<>();
        for (int i = 0; i < nodes; i++) {
            for (int j = 0; j < i; j++) {
                boolean joined = i < PATTERN ? edges[i][j]
                        : random.nextDouble() < (j < PATTERN ? PATTERN_EDGE
                                : community[i] == community[j] ? INSIDE : BETWEEN);
                if (joined) {
                    pairs.add(new int[] {place[i], place[j]});
                }
            }
        }
        Graph graph = Graph.undirected(nodes, pairs.stream().mapToInt(p -> p[0]).toArray(),
                pairs.stream().mapToInt(p -> p[1]).toArray());
        return new Labelled(graph.withFeatures(new NodeFeatures.Categories(category, CATEGORIES)), label,
                LaplacianEncoding.of(graph, POSITIONS));
    }
}
