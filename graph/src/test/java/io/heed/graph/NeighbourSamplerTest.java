package io.heed.graph;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

import org.junit.jupiter.api.Test;

import io.heed.graph.NeighbourSampler.Sample;
import io.heed.kernels.Workers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class NeighbourSamplerTest {
    private final Graph graph = GraphLayerContract.random(200, 3000, 1)
            .withFeatures(new NodeFeatures.Categories(new int[200], 1));

    @Test
    void everyDrawnEdgeExistsAndNoNodeDrawsMoreThanItsFanOut() {
        Sample sample = new NeighbourSampler(graph, 4, 3).sample(new int[] {5, 9, 100}, 7);
        assertThat(Arrays.copyOf(sample.nodes(), 3)).containsExactly(5, 9, 100);
        assertThat(sample.nodes()).doesNotHaveDuplicates();
        Set<Long> real = new HashSet<>();
        for (int e = 0; e < graph.edges(); e++) {
            real.add((long) graph.source()[e] << 32 | graph.target()[e]);
        }
        Graph part = sample.graph();
        for (int e = 0; e < part.edges(); e++) {
            assertThat(real).contains((long) sample.nodes()[part.source()[e]] << 32 | sample.nodes()[part.target()[e]]);
        }
        for (int i = 0; i < 3; i++) {
            assertThat(part.csr().degree(i)).isEqualTo(Math.min(4, graph.csr().degree(sample.nodes()[i])));
        }
        assertThat(Arrays.stream(part.inDegrees()).max().orElseThrow()).isLessThanOrEqualTo(4);
        assertThat(part.features().nodes()).isEqualTo(part.nodes());
    }

    @Test
    void theSameKeyDrawsTheSameOnAnyNumberOfThreads() {
        NeighbourSampler sampler = new NeighbourSampler(graph, 5, 5);
        Sample[] alone = new Sample[1];
        Workers.run(1, task -> alone[0] = sampler.sample(new int[] {1, 2, 3}, 11));
        Sample shared = sampler.sample(new int[] {1, 2, 3}, 11);
        assertThat(shared.nodes()).containsExactly(alone[0].nodes());
        assertThat(shared.graph().source()).containsExactly(alone[0].graph().source());
        assertThat(sampler.sample(new int[] {1, 2, 3}, 12).graph().source()).isNotEqualTo(shared.graph().source());
    }

    @Test
    void neighboursAreDrawnEvenly() {
        // one node with ten neighbours, three drawn: each comes in 3 of 10 draws
        int[] source = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
        NeighbourSampler sampler = new NeighbourSampler(Graph.directed(11, source, new int[10]), 3);
        int[] count = new int[11];
        for (int key = 0; key < 4000; key++) {
            for (int node : sampler.sample(new int[] {0}, key).nodes()) {
                count[node]++;
            }
        }
        for (int i = 1; i <= 10; i++) {
            assertThat(count[i]).isBetween(1080, 1320);
        }
    }

    @Test
    void isolatedSeedsAndBadArgumentsWork() {
        Sample sample = new NeighbourSampler(graph, 4).sample(new int[] {199}, 1);
        assertThat(sample.graph().nodes()).isEqualTo(1);
        assertThat(sample.graph().edges()).isZero();
        assertThatThrownBy(() -> new NeighbourSampler(graph, 4, 0)).hasMessage("fan-out is 0, must be at least 1");
        assertThatThrownBy(() -> new NeighbourSampler(graph, 4).sample(new int[] {3, 3}, 1))
                .hasMessage("node 3 is a seed twice");
    }
}
