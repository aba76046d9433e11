package io.heed.graph.transformer;

import java.util.Arrays;
import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import io.heed.graph.Graph;
import io.heed.graph.GraphLayer.Streams;
import io.heed.graph.transformer.PlantedPatterns.Labelled;
import io.heed.nn.Form;
import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class GraphTransformerTest {
    @Test
    void aNodeDoesNotAttendToItselfUnlessTheGraphHasThatEdge() {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            // node 1 receives from node 0 alone, so its own value must not count: only V of node 0 comes through
            GraphTransformerLayer layer = new GraphTransformerLayer(
                    new GraphTransformerConfig(4, 4, 2, 0, false, false, false, false, false));
            layer.eval();
            Graph graph = Graph.directed(2, new int[] {0}, new int[] {1});
            Tensor x = torch.randn(2, 4);
            Tensor changed = x.clone();
            changed.select(0, 1).add_(torch.ones(4));
            Tensor one = layer.forward(new Streams(x, null), graph, Form.AUTO).nodes();
            Tensor other = layer.forward(new Streams(changed, null), graph, Form.AUTO).nodes();
            assertThat(Ops.largestDifference(one, other)).isLessThan(1e-6);
        }
    }

    @Test
    void anEdgeLayerWithoutEdgesSaysSo() {
        try (PointerScope _ = new PointerScope()) {
            GraphTransformerLayer layer = new GraphTransformerLayer(GraphTransformerConfig.of(4, 2, 0, true));
            assertThatThrownBy(() -> layer.forward(new Streams(torch.randn(2, 4), null),
                    Graph.directed(2, new int[] {0}, new int[] {1}), Form.AUTO)).hasMessageContaining("edge stream");
            assertThatThrownBy(() -> GraphTransformerConfig.of(10, 4, 0, false))
                    .hasMessage("width 10 cannot be cut into 4 heads");
        }
    }

    @Test
    void absentClassesWeighNothing() {
        try (PointerScope _ = new PointerScope()) {
            // labels 0, 0, 0, 2: weights 1/4, 0, 3/4; equal logits cost log 3 whatever the weights
            Tensor scores = torch.zeros(4, 3);
            assertThat(Ops.item(WeightedCrossEntropy.loss(scores, Ops.of(new long[] {0, 0, 0, 2}))))
                    .isCloseTo(Math.log(3), within(1e-6));
            Tensor sure = Ops.of(new float[] {9, 0, 0, 9, 0, 0, 9, 0, 0, 9, 0, 0}, 4, 3);
            // the one wrong label carries 3/4 of (3 x 1/4 + 3/4) = half of the weight
            assertThat(Ops.item(WeightedCrossEntropy.loss(sure, Ops.of(new long[] {0, 0, 0, 2}))))
                    .isCloseTo(4.5, within(1e-3));
        }
    }

    @Test
    void patternsArePlantedTheSameWayEveryTime() {
        List<Labelled> graphs = new PlantedPatterns(1).graphs(0, 20);
        int edges = -1;
        for (Labelled one : graphs) {
            Graph graph = one.graph();
            assertThat(graph.nodes()).isBetween(40, 60);
            assertThat(Arrays.stream(one.labels()).filter(label -> label == 1)).hasSize(PlantedPatterns.PATTERN);
            int inside = 0;
            for (int e = 0; e < graph.edges(); e++) {
                inside += one.labels()[graph.source()[e]] == 1 && one.labels()[graph.target()[e]] == 1 ? 1 : 0;
            }
            assertThat(edges < 0 || inside == edges).isTrue();
            edges = inside;
        }
        assertThat(new PlantedPatterns(1).graphs(3, 1).getFirst().graph().hash())
                .isEqualTo(graphs.get(3).graph().hash());
    }
}
