package io.heed.graph;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

import io.heed.kernels.Csr;

/**
 * A graph, or many in one: N nodes and E directed edges source to target, on which messages flow. An undirected graph
 * lists each edge in both directions. Nodes without edges are allowed; a batch of graphs is one graph whose parts are
 * not joined.
 *
 * <p>Plain Java, immutable by contract: callers must not change the arrays that it gives out.
 */
public final class Graph {
    private final int nodes;
    private final int[] source;
    private final int[] target;
    private final Csr csr;
    private final NodeFeatures features;
    private final int[] edgeTypes;
    private final EdgeFeatures edgeFeatures;
    private final int[] part;
    private final int parts;

    private Graph(int nodes, int[] source, int[] target, Csr csr, NodeFeatures features, int[] edgeTypes,
            EdgeFeatures edgeFeatures, int[] part, int parts) {
        this.nodes = nodes;
        this.source = source;
        this.target = target;
        this.csr = csr;
        this.features = features;
        this.edgeTypes = edgeTypes;
        this.edgeFeatures = edgeFeatures;
        this.part = part;
        this.parts = parts;
    }

    /**
     * A graph of these directed edges; edge e runs from {@code source[e]} to {@code target[e]}.
     *
     * @throws IllegalArgumentException when there is no node, the lists differ in length, or an edge names a node that
     *         does
     *                                  not exist
     */
    public static Graph directed(int nodes, int[] source, int[] target) {
        if (nodes < 1) {
            throw new IllegalArgumentException("the graph is empty: it needs at least one node");
        }
        return new Graph(nodes, source, target, Csr.of(nodes, nodes, source, target), null, null, null, new int[nodes],
                1);
    }

    /**
     * A graph in which every pair (u[e], v[e]) is an edge in both directions (a self loop is listed once): first all as
     * given, then all reversed.
     *
     * @throws IllegalArgumentException as {@link #directed}
     */
    public static Graph undirected(int nodes, int[] u, int[] v) {
        int loops = 0;
        for (int e = 0; e < Math.min(u.length, v.length); e++) {
            loops += u[e] == v[e] ? 1 : 0;
        }
        int[] source = Arrays.copyOf(u, 2 * u.length - loops);
        int[] target = Arrays.copyOf(v, 2 * v.length - loops);
        int next = u.length;
        for (int e = 0; e < Math.min(u.length, v.length); e++) {
            if (u[e] != v[e]) {
                source[next] = v[e];
                target[next++] = u[e];
            }
        }
        return directed(nodes, source, target);
    }

    /**
     * Many graphs as one: nodes and edges in the order of the list, {@link #part} says which node belongs to which
     * graph.
     *
     * @throws IllegalArgumentException when the list is empty, or only some of the graphs have features or edge types
     */
    public static Graph batch(List<Graph> graphs) {
        if (graphs.isEmpty()) {
            throw new IllegalArgumentException("a batch needs at least one graph");
        }
        int nodes = graphs.stream().mapToInt(Graph::nodes).sum();
        int edges = graphs.stream().mapToInt(Graph::edges).sum();
        int[] source = new int[edges];
        int[] target = new int[edges];
        int[] part = new int[nodes];
        boolean typed = graphs.getFirst().edgeTypes != null;
        int[] types = typed ? new int[edges] : null;
        EdgeFeatures first = graphs.getFirst().edgeFeatures;
        float[] values = first == null ? null : new float[Math.multiplyExact(edges, first.width())];
        int node = 0;
        int edge = 0;
        int parts = 0;
        for (Graph graph : graphs) {
            if (first == null ? graph.edgeFeatures != null
                    : graph.edgeFeatures == null || graph.edgeFeatures.width() != first.width()) {
                throw new IllegalArgumentException(
                        "the graphs of the batch have edge features of different widths, or some"
                        + " have none");
            }
            if (first != null) {
                System.arraycopy(graph.edgeFeatures.values(), 0, values, edge * first.width(),
                        graph.edgeFeatures.values().length);
            }
            if (typed != (graph.edgeTypes != null)) {
                throw new IllegalArgumentException("some graphs of the batch have edge types and some have none");
            }
            for (int e = 0; e < graph.edges(); e++) {
                source[edge + e] = graph.source[e] + node;
                target[edge + e] = graph.target[e] + node;
            }
            if (typed) {
                System.arraycopy(graph.edgeTypes, 0, types, edge, graph.edges());
            }
            for (int i = 0; i < graph.nodes; i++) {
                part[node + i] = parts + graph.part[i];
            }
            node += graph.nodes;
            edge += graph.edges();
            parts += graph.parts;
        }
        return new Graph(nodes, source, target, Csr.of(nodes, nodes, source, target),
                join(graphs.stream().map(graph -> graph.features).toList()), types,
                first == null ? null : new EdgeFeatures(values, first.width()), part, parts);
    }

    private static NodeFeatures join(List<NodeFeatures> all) {
        NodeFeatures first = all.getFirst();
        for (int i = 0; i < all.size(); i++) {
            NodeFeatures features = all.get(i);
            if ((features == null) != (first == null)
                    || first != null && (features.getClass() != first.getClass()
                    || features.width() != first.width())) {
                throw new IllegalArgumentException("graph " + i
                        + " of the batch has features of another kind or width than"
                        + " graph 0");
            }
        }
        return switch (first) {
            case null -> null;
            case NodeFeatures.Categories categories -> new NodeFeatures.Categories(all.stream()
                    .flatMapToInt(f -> Arrays.stream(((NodeFeatures.Categories) f).values())).toArray(),
                    categories.width());
            case NodeFeatures.Dense dense -> {
                int nodes = all.stream().mapToInt(NodeFeatures::nodes).sum();
                float[] values = new float[nodes * dense.width()];
                int next = 0;
                for (NodeFeatures features : all) {
                    float[] own = ((NodeFeatures.Dense) features).values();
                    System.arraycopy(own, 0, values, next, own.length);
                    next += own.length;
                }
                yield new NodeFeatures.Dense(values, nodes, dense.width());
            }
            case NodeFeatures.Sparse sparse -> throw new IllegalArgumentException(
                    "graphs with sparse features cannot be batched: give them dense features or categories");
        };
    }

    /**
     * The same graph with these features.
     *
     * @throws IllegalArgumentException when they are for another number of nodes
     */
    public Graph withFeatures(NodeFeatures features) {
        if (features.nodes() != nodes) {
            throw new IllegalArgumentException("features are for " + features.nodes() + " nodes, the graph has "
                    + nodes);
        }
        return new Graph(nodes, source, target, csr, features, edgeTypes, edgeFeatures, part, parts);
    }

    /**
     * The same graph with a type for every edge.
     *
     * @throws IllegalArgumentException when there is not one type an edge
     */
    public Graph withEdgeTypes(int[] types) {
        if (types.length != edges()) {
            throw new IllegalArgumentException(types.length + " edge types were given, the graph has " + edges()
                    + " edges");
        }
        return new Graph(nodes, source, target, csr, features, types, edgeFeatures, part, parts);
    }

    /**
     * The same graph with features for every edge.
     *
     * @throws IllegalArgumentException when they are for another number of edges
     */
    public Graph withEdgeFeatures(EdgeFeatures edgeFeatures) {
        if (edgeFeatures.edges() != edges()) {
            throw new IllegalArgumentException("edge features are for " + edgeFeatures.edges()
                    + " edges, the graph has "
                    + edges());
        }
        return new Graph(nodes, source, target, csr, features, edgeTypes, edgeFeatures, part, parts);
    }

    /**
     * The same nodes as parts of several graphs.
     *
     * @param part number of the graph of each node, from 0 and never falling
     * @throws IllegalArgumentException when it is not so, or an edge joins two graphs
     */
    public Graph withParts(int[] part) {
        if (part.length != nodes) {
            throw new IllegalArgumentException("the batch vector has " + part.length + " entries, the graph " + nodes
                    + " nodes");
        }
        for (int i = 0; i < nodes; i++) {
            int before = i == 0 ? 0 : part[i - 1];
            if (part[i] < before || part[i] < 0) {
                throw new IllegalArgumentException("the batch vector falls from " + before + " to " + part[i]
                        + " at node "
                        + i);
            }
        }
        for (int e = 0; e < edges(); e++) {
            if (part[source[e]] != part[target[e]]) {
                throw new IllegalArgumentException("edge " + e + " joins graph " + part[source[e]] + " to graph "
                        + part[target[e]]);
            }
        }
        return new Graph(nodes, source, target, csr, features, edgeTypes, edgeFeatures, part,
                part[nodes - 1] + 1);
    }

    /**
     * The same nodes with an edge between every two of one part, in both directions, without self loops, edge types or
     * features.
     */
    public Graph complete() {
        int[] size = new int[parts];
        for (int p : part) {
            size[p]++;
        }
        long edges = 0;
        for (int s : size) {
            edges += (long) s * (s - 1);
        }
        int[] from = new int[Math.toIntExact(edges)];
        int[] to = new int[from.length];
        int next = 0;
        int first = 0;
        for (int s : size) {
            for (int t = first; t < first + s; t++) {
                for (int o = first; o < first + s; o++) {
                    if (o != t) {
                        from[next] = o;
                        to[next++] = t;
                    }
                }
            }
            first += s;
        }
        return new Graph(nodes, from, to, Csr.of(nodes, nodes, from, to), features, null, null, part, parts);
    }

    /** The same graph with one more edge from each node to itself; edge types and features are dropped. */
    public Graph withSelfLoops() {
        int[] from = Arrays.copyOf(source, edges() + nodes);
        int[] to = Arrays.copyOf(target, edges() + nodes);
        for (int i = 0; i < nodes; i++) {
            from[edges() + i] = i;
            to[edges() + i] = i;
        }
        return new Graph(nodes, from, to, Csr.of(nodes, nodes, from, to), features, null, null, part, parts);
    }

    /** N. */
    public int nodes() {
        return nodes;
    }

    /** E. */
    public int edges() {
        return source.length;
    }

    /** Source of each edge, in the order given. */
    public int[] source() {
        return source;
    }

    /** Target of each edge, in the order given. */
    public int[] target() {
        return target;
    }

    /** The edges by target, for kernels. */
    public Csr csr() {
        return csr;
    }

    /**
     * The nodes' features.
     *
     * @throws IllegalStateException when the graph has none
     */
    public NodeFeatures features() {
        if (features == null) {
            throw new IllegalStateException("the graph has no node features");
        }
        return features;
    }

    /** Whether {@link #features} are there. */
    public boolean hasFeatures() {
        return features != null;
    }

    /** Type of each edge, or null when there are none. */
    public int[] edgeTypes() {
        return edgeTypes;
    }

    /** Features of the edges, or null when there are none. */
    public EdgeFeatures edgeFeatures() {
        return edgeFeatures;
    }

    /** Number of the graph that each node belongs to; all 0 for a single one. */
    public int[] part() {
        return part;
    }

    /** Number of graphs. */
    public int parts() {
        return parts;
    }

    /** Number of incoming edges of each node. */
    public int[] inDegrees() {
        int[] degrees = new int[nodes];
        for (int i = 0; i < nodes; i++) {
            degrees[i] = csr.degree(i);
        }
        return degrees;
    }

    /** A hash of nodes and edges (not of features): the same for the same lists on every machine. */
    public String hash() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            ByteBuffer buffer = ByteBuffer.allocate(8 * 1024);
            buffer.putInt(nodes);
            for (int e = 0; e < edges(); e++) {
                buffer.putInt(source[e]).putInt(target[e]);
                if (buffer.remaining() < 8) {
                    digest.update(buffer.flip());
                    buffer.clear();
                }
            }
            digest.update(buffer.flip());
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    @Override
    public String toString() {
        return nodes + " nodes, " + edges() + " edges" + (parts > 1 ? ", " + parts + " graphs" : "");
    }
}
