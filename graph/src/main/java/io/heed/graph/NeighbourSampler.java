package io.heed.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.heed.data.CounterRandom;
import io.heed.kernels.Csr;
import io.heed.kernels.Workers;

/**
 * Uniform neighbour sampling (Hamilton, Ying and Leskovec, "Inductive representation learning on large graphs"): from
 * seed nodes backwards along their incoming edges, at most {@code fanOuts[h]} a node at hop h, without replacement.
 * What is drawn is a function of the key, the hop and the node, so it does not depend on threads or on the other seeds.
 */
public final class NeighbourSampler {
    private final Graph graph;
    private final int[] fanOuts;

    /**
     * What was drawn around some seeds.
     *
     * @param graph the drawn nodes and edges, with their features and the edges' types and features; the seeds are its
     *              first nodes
     * @param nodes number in the whole graph of each node of {@code graph}
     * @param seeds how many nodes are seeds
     */
    public record Sample(Graph graph, int[] nodes, int seeds) { }

    /**
     * A sampler.
     *
     * @param fanOuts edges a node at each hop, one hop a layer of the model
     * @throws IllegalArgumentException when there is no hop, or a fan-out is not positive
     */
    public NeighbourSampler(Graph graph, int... fanOuts) {
        if (fanOuts.length == 0) {
            throw new IllegalArgumentException("at least one fan-out is needed");
        }
        for (int fanOut : fanOuts) {
            if (fanOut < 1) {
                throw new IllegalArgumentException("fan-out is " + fanOut + ", must be at least 1");
            }
        }
        this.graph = graph;
        this.fanOuts = fanOuts.clone();
    }

    /**
     * Draws.
     *
     * @param seeds distinct nodes
     * @param key   names the draw, e.g. {@code Step.key()}
     */
    public Sample sample(int[] seeds, long key) {
        Csr edges = graph.csr();
        int[] local = new int[graph.nodes()];
        Arrays.fill(local, -1);
        List<int[]> drawn = new ArrayList<>();
        int[] nodes = Arrays.copyOf(seeds, Math.max(16, 4 * seeds.length));
        int count = seeds.length;
        for (int i = 0; i < seeds.length; i++) {
            if (local[seeds[i]] >= 0) {
                throw new IllegalArgumentException("node " + seeds[i] + " is a seed twice");
            }
            local[seeds[i]] = i;
        }
        int from = 0;
        for (int hop = 0; hop < fanOuts.length; hop++) {
            int first = from;
            int end = count;
            int[] frontier = Arrays.copyOfRange(nodes, first, end);
            int[][] slots = new int[frontier.length][];
            int fanOut = fanOuts[hop];
            long hopKey = CounterRandom.key(key, hop);
            Workers.run(frontier.length, i -> slots[i] = draw(edges, frontier[i], fanOut, hopKey));
            for (int[] own : slots) {
                for (int slot : own) {
                    int source = edges.column(slot);
                    if (local[source] < 0) {
                        local[source] = count;
                        if (count == nodes.length) {
                            nodes = Arrays.copyOf(nodes, 2 * count);
                        }
                        nodes[count++] = source;
                    }
                }
                drawn.add(own);
            }
            from = end;
        }
        return build(edges, local, Arrays.copyOf(nodes, count), drawn, seeds.length);
    }

    /** Row i of {@code drawn} holds the entries into node i. */
    private Sample build(Csr edges, int[] local, int[] nodes, List<int[]> drawn, int seeds) {
        int total = drawn.stream().mapToInt(own -> own.length).sum();
        int[] source = new int[total];
        int[] target = new int[total];
        int[] edge = new int[total];
        int next = 0;
        for (int i = 0; i < drawn.size(); i++) {
            for (int slot : drawn.get(i)) {
                source[next] = local[edges.column(slot)];
                target[next] = i;
                edge[next++] = edges.edge(slot);
            }
        }
        Graph part = Graph.directed(nodes.length, source, target);
        if (graph.edgeTypes() != null) {
            part = part.withEdgeTypes(Arrays.stream(edge).map(e -> graph.edgeTypes()[e]).toArray());
        }
        if (graph.edgeFeatures() != null) {
            part = part.withEdgeFeatures(graph.edgeFeatures().select(edge));
        }
        if (graph.hasFeatures()) {
            part = part.withFeatures(graph.features().select(nodes));
        }
        return new Sample(part, nodes, seeds);
    }

    /** Distinct entries of a row, by Floyd's algorithm, ascending. */
    private static int[] draw(Csr edges, int node, int fanOut, long hopKey) {
        int first = edges.first(node);
        int degree = edges.degree(node);
        int[] slots = new int[Math.min(degree, fanOut)];
        if (degree <= fanOut) {
            Arrays.setAll(slots, i -> first + i);
            return slots;
        }
        CounterRandom random = new CounterRandom(CounterRandom.key(hopKey, node));
        for (int i = 0; i < fanOut; i++) {
            int last = degree - fanOut + i;
            int slot = first + random.nextInt(last + 1);
            for (int j = 0; j < i; j++) {
                if (slots[j] == slot) {
                    slot = first + last;
                    break;
                }
            }
            slots[i] = slot;
        }
        Arrays.sort(slots);
        return slots;
    }
}
