package io.heed.graph;

import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import io.heed.kernels.Csr;
import io.heed.nn.Form;
import io.heed.tensor.Ops;
import io.heed.tensor.Weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
}
