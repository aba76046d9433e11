package io.heed.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import io.heed.graph.GraphLayer.Streams;
import io.heed.nn.Form;
import io.heed.tensor.Ops;
import io.heed.tensor.Weights;

import static org.assertj.core.api.Assertions.assertThat;

/** The suite that every graph layer inherits. Layers are built with width {@value #WIDTH}. */
public abstract class GraphLayerContract {
    protected static final int WIDTH = 16;
    private static final double TOLERANCE = 3e-5;

    /** A fresh layer of width {@value #WIDTH}, without dropout. */
    protected abstract GraphLayer layer();

    @Test
    void formsGiveTheSameOutputsAndGradients() {
        try (PointerScope _ = new PointerScope()) {
            torch.manual_seed(1);
            GraphLayer layer = layer();
            Graph graph = random(13, 40, 3);
            Tensor[] reference = run(layer, graph, Form.REFERENCE);
            Tensor[] fused = run(layer, graph, Form.FUSED);
            assertThat(reference).hasSameSizeAs(fused).hasSizeGreaterThan(3);
            for (int i = 0; i < reference.length; i++) {
                assertThat(Ops.largestDifference(reference[i], fused[i])).as("tensor %d", i)
                        .isLessThan(TOLERANCE * Math.max(1, reference[i].abs().max().item_double()));
            }
        }
    }

    @Test
    void renumberingNodesRenumbersOutputsAndEdgeOrderDoesNotMatter() {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            torch.manual_seed(2);
            GraphLayer layer = layer();
            layer.eval();
            Graph graph = random(11, 35, 4);
            int n = graph.nodes();
            int m = graph.edges();
            Tensor h = torch.randn(n, WIDTH);
            Tensor e = torch.randn(m, WIDTH);
            // node i becomes n - 1 - i, and edges are listed backwards
            int[] source = new int[m];
            int[] target = new int[m];
            for (int k = 0; k < m; k++) {
                source[m - 1 - k] = n - 1 - graph.source()[k];
                target[m - 1 - k] = n - 1 - graph.target()[k];
            }
            Streams plain = layer.forward(new Streams(h, edges(layer, e)), graph, Form.AUTO);
            Streams other = layer.forward(new Streams(h.flip(0), edges(layer, e.flip(0))),
                    Graph.directed(n, source, target), Form.AUTO);
            assertThat(Ops.largestDifference(plain.nodes(), other.nodes().flip(0))).isLessThan(TOLERANCE);
            if (layer.readsEdges()) {
                assertThat(Ops.largestDifference(plain.edges(), other.edges().flip(0))).isLessThan(TOLERANCE);
            }
        }
    }

    @Test
    void graphsOfABatchDoNotTouchEachOther() {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            torch.manual_seed(3);
            GraphLayer layer = layer();
            layer.eval();
            Graph first = random(6, 15, 5);
            Graph second = random(9, 20, 6);
            Tensor h = torch.randn(15, WIDTH);
            Tensor e = torch.randn(35, WIDTH);
            Streams both = layer.forward(new Streams(h, edges(layer, e)), Graph.batch(List.of(first, second)),
                    Form.AUTO);
            Streams alone = layer.forward(new Streams(Ops.slice(h, 0, 6, 15), edges(layer, Ops.slice(e, 0, 15, 35))),
                    second, Form.AUTO);
            assertThat(Ops.largestDifference(Ops.slice(both.nodes(), 0, 6, 15), alone.nodes())).isLessThan(1e-6);
        }
    }

    @Test
    void oneNodeIsolatedNodesAndNoEdgesWork() {
        for (boolean training : new boolean[] {false, true}) {
            for (Form form : Form.values()) {
                try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
                    GraphLayer layer = layer();
                    layer.train(training);
                    for (Graph graph : List.of(Graph.directed(1, new int[0], new int[0]),
                            Graph.directed(1, new int[] {0}, new int[] {0}), Graph.directed(5, new int[0], new int[0]),
                            Graph.undirected(5, new int[] {0, 0}, new int[] {1, 2}))) {
                        Streams out = layer.forward(new Streams(torch.randn(graph.nodes(), WIDTH),
                                edges(layer, torch.randn(graph.edges(), WIDTH))), graph, form);
                        assertThat(out.nodes().shape()).containsExactly(graph.nodes(), WIDTH);
                        assertThat(out.nodes().isfinite().all().item_bool()).isTrue();
                    }
                }
            }
        }
    }

    @Test
    void everyModuleInItOutlivesAGarbageCollection() {
        try (PointerScope _ = new PointerScope()) {
            GraphLayer layer = layer();
            System.gc();
            // libtorch calls every submodule that is made in Java; one that was collected throws
            layer.zero_grad(true);
            layer.eval();
            assertThat(layer.is_training()).isFalse();
        }
    }

    private static Tensor edges(GraphLayer layer, Tensor e) {
        return layer.readsEdges() ? e : null;
    }

    /** Outputs, gradients of the inputs, gradients of the weights. */
    private static Tensor[] run(GraphLayer layer, Graph graph, Form form) {
        torch.manual_seed(7);
        layer.train(true);
        Tensor h = torch.randn(graph.nodes(), WIDTH).set_requires_grad(true);
        Tensor e = edges(layer, torch.randn(graph.edges(), WIDTH));
        if (e != null) {
            e.set_requires_grad(true);
        }
        Tensor probe = torch.randn(graph.nodes(), WIDTH);
        Tensor edgeProbe = torch.randn(graph.edges(), WIDTH);
        layer.zero_grad(false);
        Streams out = layer.forward(new Streams(h, e), graph, form);
        Tensor loss = out.nodes().mul(probe).sum();
        if (e != null) {
            loss = loss.add(out.edges().mul(edgeProbe).sum());
        }
        loss.backward();
        List<Tensor> all = new ArrayList<>(List.of(out.nodes().detach(), h.grad()));
        if (e != null) {
            all.add(out.edges().detach());
            all.add(e.grad());
        }
        Weights.parameters(layer).values().forEach(weight -> all.add(weight.grad().clone()));
        return all.toArray(Tensor[]::new);
    }

    /** A directed graph whose last node is isolated. */
    static Graph random(int nodes, int edges, long seed) {
        Random random = new Random(seed);
        return Graph.directed(nodes, random.ints(edges, 0, nodes - 1).toArray(),
                random.ints(edges, 0, nodes - 1).toArray());
    }
}
