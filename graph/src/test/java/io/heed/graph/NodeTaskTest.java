package io.heed.graph;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.heed.graph.data.NodeData;
import io.heed.graph.data.NodeSplit;
import io.heed.tensor.Ops;
import io.heed.train.Step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class NodeTaskTest {
    /** Two communities; the label is the community, and a node's own feature tells it only half of the time. */
    private static NodeData communities() {
        int n = 200;
        Random random = new Random(3);
        int[] u = new int[1600];
        int[] v = new int[1600];
        for (int e = 0; e < u.length; e++) {
            u[e] = random.nextInt(n);
            v[e] = random.nextInt(n / 2) * 2 + u[e] % 2;
        }
        int[] labels = new int[n];
        int[] features = new int[n];
        for (int i = 0; i < n; i++) {
            labels[i] = i % 2;
            features[i] = random.nextBoolean() ? labels[i] : 2;
        }
        int[] order = random.ints(0, n).distinct().limit(n).toArray();
        return new NodeData("communities", Graph.undirected(n, u, v)
                .withFeatures(new NodeFeatures.Categories(features, 3)),
                labels, 2, List.of(new NodeSplit(Arrays.copyOf(order, 60), Arrays.copyOfRange(order, 60, 130),
                        Arrays.copyOfRange(order, 130, n))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"gcn", "gat", "gin", "gated-gcn", "graph-transformer", "graph-transformer-edges"})
    void everyLayerLearnsCommunities(String layer) {
        NodeData data = communities();
        float[] encoding = Encoding.LAPLACIAN.of(data.graph(), 2, null);
        assertThat(train(NodeTask.whole(data, 0, encoding, 2), layer, 2, 25)).isGreaterThan(0.9);
    }

    @Test
    void sampledTrainingLearnsCommunities() {
        assertThat(train(NodeTask.sampled(communities(), 0, null, 0, 30, 6, 6), "gcn", 0, 40)).isGreaterThan(0.85);
    }

    @Test
    void theSameStepGivesTheSameLoss() {
        NodeTask task = NodeTask.sampled(communities(), 0, null, 0, 20, 4);
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            torch.manual_seed(1);
            GraphNetwork network = network(task, "gat", 0);
            network.eval();
            double first = Ops.item(task.loss(network, Step.of(4, 9)));
            assertThat(Ops.item(task.loss(network, Step.of(4, 9)))).isEqualTo(first);
            assertThat(Ops.item(task.loss(network, Step.of(5, 9)))).isNotEqualTo(first);
        }
    }

    @Test
    void anUnknownLayerOrSplitIsNamed() {
        assertThatThrownBy(() -> GraphLayers.named("gatt"))
                .hasMessageStartingWith("unknown graph layer 'gatt': did you mean 'gat'? known: gcn, gat");
        assertThatThrownBy(() -> NodeTask.whole(communities(), 3, null, 0))
                .hasMessage("communities has splits 0 to 0, not 3");
    }

    @Test
    void theAreaUnderTheCurveCountsTiesHalf() {
        assertThat(RankingArea.of(new float[] {.1f, .4f, .35f, .8f}, new long[] {0, 0, 1, 1})).isEqualTo(0.75);
        assertThat(RankingArea.of(new float[] {1, 1, 1}, new long[] {0, 1, 1})).isEqualTo(0.5);
    }

    private static double train(NodeTask task, String layer, int positions, int steps) {
        try (PointerScope _ = new PointerScope()) {
            torch.manual_seed(5);
            GraphNetwork network = network(task, layer, positions);
            Adam optimizer = new Adam(network.parameters(), new AdamOptions(1e-2));
            network.train(true);
            for (int i = 0; i < steps; i++) {
                try (PointerScope _ = new PointerScope()) {
                    optimizer.zero_grad();
                    task.loss(network, Step.of(i, 1)).backward();
                    optimizer.step();
                }
            }
            network.eval();
            try (NoGradGuard _ = new NoGradGuard()) {
                return task.evaluate(network).value();
            }
        }
    }

    private static GraphNetwork network(NodeTask task, String layer, int positions) {
        return new GraphNetwork(new GraphNetwork.Config(layer, 2, new LayerConfig(16, 4, 0), positions, 1,
                task.data().classes(), null), task.data().graph().features());
    }
}
