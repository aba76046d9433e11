package io.heed.graph;

import java.util.Arrays;
import java.util.Locale;

import org.bytedeco.pytorch.Tensor;

import io.heed.kernels.Csr;
import io.heed.kernels.NeighbourAggregation.Kind;
import io.heed.nn.Aggregation;
import io.heed.nn.Form;

/** Node vectors to one vector a graph. */
public enum Pooling {
    /** Mean of a graph's nodes. */
    MEAN(Kind.MEAN),
    /** Sum of a graph's nodes. */
    SUM(Kind.SUM),
    /** Largest of a graph's nodes, channel by channel. */
    MAX(Kind.MAX);

    private final Kind kind;

    Pooling(Kind kind) {
        this.kind = kind;
    }

    /** The one called {@code name}, in any case. */
    public static Pooling named(String name) {
        try {
            return valueOf(name.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("read-out '" + name + "': must be mean, sum or max", e);
        }
    }

    /** (N, D) to (graphs, D). */
    public Tensor apply(Graph graph, Tensor nodes, Form form) {
        int[] node = new int[graph.nodes()];
        Arrays.setAll(node, i -> i);
        return Aggregation.apply(kind, Csr.of(graph.parts(), graph.nodes(), node, graph.part()), nodes, null, form);
    }
}
