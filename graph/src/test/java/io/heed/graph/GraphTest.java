package io.heed.graph;

import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.heed.kernels.Csr;
import io.heed.nn.Form;
import io.heed.tensor.Ops;
import io.heed.tensor.Weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

class GraphTest {
    @Test
    void undirectedEdgesAreListedBothWaysAndLoopsOnce() {
        Graph graph = Graph.undirected(4, new int[] {0, 2, 1}, new int[] {1, 2, 3});
        assertThat(graph.source()).containsExactly(0, 2, 1, 1, 3);
        assertThat(graph.target()).containsExactly(1, 2, 3, 0, 1);
    }

    @Test
    void aBatchKeepsGraphsApart() {
        Graph one = Graph.directed(2, new int[] {0}, new int[] {1})
                .withFeatures(new NodeFeatures.Categories(new int[] {1, 2}, 3));
        Graph batch = Graph.batch(List.of(one, one, one));
        assertThat(batch.parts()).isEqualTo(3);
        assertThat(batch.part()).containsExactly(0, 0, 1, 1, 2, 2);
        assertThat(batch.source()).containsExactly(0, 2, 4);
        assertThat(((NodeFeatures.Categories) batch.features()).values()).containsExactly(1, 2, 1, 2, 1, 2);
        assertThat(batch.complete().edges()).isEqualTo(6);
    }

    @Test
    void whatDoesNotFitIsNamed() {
        assertThatThrownBy(() -> Graph.directed(0, new int[0], new int[0]))
                .hasMessage("the graph is empty: it needs at least one node");
        assertThatThrownBy(() -> Graph.undirected(3, new int[] {0, 1}, new int[] {1, 3}))
                .hasMessage("edge 1 ends at node 3, must be 0 to 2");
        Graph graph = Graph.directed(3, new int[] {0}, new int[] {2});
        assertThatThrownBy(() -> graph.withFeatures(new NodeFeatures.Dense(new float[4], 2, 2)))
                .hasMessage("features are for 2 nodes, the graph has 3");
        assertThatThrownBy(() -> new NodeFeatures.Dense(new float[5], 3, 2))
                .hasMessage("features hold 5 values, must be 3 nodes x 2");
        assertThatThrownBy(() -> graph.withParts(new int[] {0, 0, 1})).hasMessage("edge 0 joins graph 0 to graph 1");
        assertThatThrownBy(() -> Graph.batch(List.of())).hasMessage("a batch needs at least one graph");
        try (PointerScope _ = new PointerScope()) {
            FeatureEncoder encoder = new FeatureEncoder(new NodeFeatures.Dense(new float[6], 3, 2), 4);
            assertThatThrownBy(() -> encoder.forward(new NodeFeatures.Dense(new float[9], 3, 3), Form.AUTO))
                    .hasMessage("features are 3 wide, the model takes 2");
        }
    }

    @Test
    void sparseFeaturesAreTheSameAsDenseOnes() {
        try (PointerScope _ = new PointerScope()) {
            NodeFeatures.Sparse sparse = new NodeFeatures.Sparse(
                    Csr.of(3, 5, new int[] {4, 0, 2}, new int[] {0, 0, 2}), null).normalised();
            FeatureEncoder encoder = new FeatureEncoder(sparse, 7);
            Tensor weight = Weights.parameters(encoder).get("weight");
            Tensor dense = Ops.of(new float[] {.5f, 0, 0, 0, .5f, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0}, 3, 5);
            Tensor expected = torch.matmul(dense, weight);
            assertThat(Ops.largestDifference(encoder.forward(sparse, Form.FUSED), expected)).isLessThan(1e-6);
            encoder.forward(sparse, Form.FUSED).sum().backward();
            assertThat(Ops.largestDifference(weight.grad(),
                    torch.matmul(dense.t(), torch.ones(3, 7)))).isLessThan(1e-6);
        }
    }

    @Test
    void edgeFeaturesFollowTheirEdges() {
        Graph one = Graph.directed(3, new int[] {0, 1, 2}, new int[] {1, 1, 0})
                .withEdgeFeatures(new EdgeFeatures(new float[] {1, 2, 3, 4, 5, 6}, 2))
                .withFeatures(new NodeFeatures.Categories(new int[3], 1));
        assertThat(Graph.batch(List.of(one, one)).edgeFeatures().values()).containsExactly(1, 2, 3, 4, 5, 6, 1, 2, 3, 4,
                5, 6);
        NeighbourSampler.Sample sample = new NeighbourSampler(one, 5).sample(new int[] {0}, 1);
        assertThat(sample.graph().edgeFeatures().values()).containsExactly(5, 6);
        assertThatThrownBy(() -> one.withEdgeFeatures(new EdgeFeatures(new float[4], 2)))
                .hasMessage("edge features are for 2 edges, the graph has 3");
        assertThatThrownBy(() -> new EdgeFeatures(new float[5], 2))
                .hasMessage("edge features hold 5 values, must be edges x 2");
        assertThatThrownBy(() -> Graph.batch(List.of(one, Graph.directed(1, new int[0], new int[0]))))
                .hasMessageStartingWith("the graphs of the batch have edge features of different widths");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gcn", "gat", "gin", "gated-gcn", "graph-transformer", "graph-transformer-edges"})
    void networksTakeEdgeFeaturesIsolatedNodesAndSingleNodes(String layer) {
        try (PointerScope _ = new PointerScope()) {
            NodeFeatures.Categories one = new NodeFeatures.Categories(new int[] {0}, 2);
            GraphNetwork network = new GraphNetwork(new GraphNetwork.Config(layer, 2, new LayerConfig(8, 2, 0), 0, 1, 3,
                    null)
                    .withEdgeWidth(2), one);
            Graph isolated = Graph.directed(3, new int[] {0}, new int[] {1})
                    .withFeatures(new NodeFeatures.Categories(new int[] {0, 1, 1}, 2))
                    .withEdgeFeatures(new EdgeFeatures(new float[] {1, -1}, 2));
            Graph single = Graph.directed(1, new int[0], new int[0]).withFeatures(one)
                    .withEdgeFeatures(new EdgeFeatures(new float[0], 2));
            for (Graph graph : List.of(isolated, single)) {
                Tensor scores = network.forward(graph, null, Form.AUTO);
                assertThat(scores.shape()).containsExactly(graph.nodes(), 3);
                assertThat(scores.isfinite().all().item_bool()).isTrue();
                scores.sum().backward();
            }
            boolean reads = layer.equals("gated-gcn") || layer.endsWith("edges");
            assertThat(Weights.parameters(network).containsKey("edge_features.weight")).isEqualTo(reads);
            if (reads) {
                assertThatThrownBy(() -> network.forward(isolated.withEdgeFeatures(new EdgeFeatures(new float[3], 3)),
                        null,
                        Form.AUTO)).hasMessage("edge features are 3 wide, the model takes 2");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gcn", "gat", "gin", "gated-gcn"})
    void networksOfOtherLayersComeWithinOnePercentOfABudget(String layer) {
        try (PointerScope _ = new PointerScope()) {
            NodeFeatures like = new NodeFeatures.Dense(new float[700], 1, 700);
            GraphNetwork.Config config = new GraphNetwork.Config("graph-transformer", 2, new LayerConfig(32, 8, 0), 4,
                    1, 5, null);
            long budget = new GraphNetwork(config, like).parameterCount();
            GraphNetwork.Config other = new GraphNetwork.Config(layer, 2, new LayerConfig(32, 8, 0), 4, 1, 5, null);
            GraphNetwork.Config fitted = GraphNetwork.fit(other, like, GraphLayers.named(layer).build(), budget);
            assertThat(new GraphNetwork(fitted, like).parameterCount()).isCloseTo(budget, withinPercentage(1));
        }
    }
}
