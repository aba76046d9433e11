package io.heed.graph;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.Form;

/**
 * One layer on a graph: nodes and edges in, nodes and edges out. It promises:
 * <ul>
 * <li>shapes (N, D) and (E, D) for any graph of at least one node, also without edges and with isolated nodes;</li>
 * <li>renumbering the nodes renumbers the outputs and changes nothing else; the order of the edges does not
 * matter;</li>
 * <li>graphs of a batch do not touch each other, but for batch statistics in training;</li>
 * <li>its forms give the same outputs and gradients.</li>
 * </ul>
 */
public abstract class GraphLayer extends Module {
    /**
     * What flows through a stack of layers.
     *
     * @param nodes (N, D)
     * @param edges (E, D); null where a model has no edge stream
     */
    public record Streams(Tensor nodes, Tensor edges) { }

    /** @param name what the module is called in messages */
    protected GraphLayer(String name) {
        super(name);
    }

    /** Whether the layer reads and writes an edge stream; without one it hands the edges on untouched. */
    public boolean readsEdges() {
        return false;
    }

    /**
     * Runs the layer.
     *
     * @throws IllegalArgumentException when the layer reads edges and there are none
     */
    public abstract Streams forward(Streams in, Graph graph, Form form);
}
