package io.heed.graph;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

class EncodingTest {
    @Test
    void aCycleHasTheCosinesOfItsLaplacian() {
        // a cycle of 7: eigenvalues 1 - cos(2 pi j / 7), each twice but the first
        Graph cycle = cycle(7);
        float[] values = LaplacianEncoding.eigenvectors(cycle, 4).values();
        for (int i = 0; i < 4; i++) {
            assertThat((double) values[i]).isCloseTo(1 - Math.cos(2 * Math.PI * (i / 2 + 1) / 7), within(1e-6));
        }
    }

    @Test
    void lanczosFindsWhatTheDenseSolverFinds() {
        Graph graph = path(150);
        LaplacianEncoding.Eigenvectors dense = LaplacianEncoding.dense(graph, 6);
        LaplacianEncoding.Eigenvectors sparse = LaplacianEncoding.sparse(graph, 6);
        for (int i = 0; i < 6; i++) {
            assertThat(sparse.values()[i]).isCloseTo(dense.values()[i], within(1e-6f));
        }
        for (int i = 0; i < dense.vectors().length; i++) {
            assertThat(Math.abs(sparse.vectors()[i])).isCloseTo(Math.abs(dense.vectors()[i]), within(1e-4f));
        }
    }

    @Test
    void smallGraphsOfABatchGetZerosForWhatTheyLack() {
        Graph batch = Graph.batch(List.of(path(2), path(5), Graph.directed(1, new int[0], new int[0])));
        float[] encoding = LaplacianEncoding.of(batch, 3);
        assertThat(encoding).hasSize(8 * 3);
        assertThat(encoding[1]).isZero();
        assertThat(encoding[0]).isCloseTo((float) Math.sqrt(0.5), within(1e-6f));
        assertThat(new float[] {encoding[21], encoding[22], encoding[23]}).containsExactly(0, 0, 0);
    }

    @Test
    void signsFlipByColumnAndByKeyAlone() {
        try (PointerScope _ = new PointerScope()) {
            Tensor encoding = torch.rand(4, 40);
            Tensor flipped = LaplacianEncoding.flip(encoding, 5);
            float[] ratio = Ops.floats(flipped.div(encoding));
            int up = 0;
            for (int c = 0; c < 40; c++) {
                assertThat(Math.abs(ratio[c])).isEqualTo(1);
                assertThat(ratio[40 + c]).isEqualTo(ratio[c]);
                up += ratio[c] > 0 ? 1 : 0;
            }
            assertThat(up).isBetween(8, 32);
            assertThat(Ops.largestDifference(flipped, LaplacianEncoding.flip(encoding, 5))).isZero();
            assertThat(Ops.largestDifference(flipped, LaplacianEncoding.flip(encoding, 6))).isPositive();
        }
    }

    @Test
    void walksReturnWithTheKnownChances() {
        // in a triangle: never after 1 step, one half after 2, one quarter after 3
        float[] triangle = RandomWalkEncoding.of(cycle(3), 3);
        assertThat(triangle).containsExactly(0, .5f, .25f, 0, .5f, .25f, 0, .5f, .25f);
    }

    @Test
    void aCachedEncodingIsReadAndADamagedFileReplaced(@TempDir Path cache) throws Exception {
        Graph graph = path(1001);
        float[] first = Encoding.RANDOM_WALK.of(graph, 4, cache);
        Path file;
        try (var files = Files.list(cache)) {
            file = files.findFirst().orElseThrow();
        }
        assertThat(Encoding.RANDOM_WALK.of(graph, 4, cache)).containsExactly(first);
        Files.write(file, new byte[] {1, 2, 3});
        assertThat(Encoding.RANDOM_WALK.of(graph, 4, cache)).containsExactly(first);
        assertThat(Files.size(file)).isGreaterThan(1000);
    }

    private static Graph path(int nodes) {
        int[] u = new int[nodes - 1];
        int[] v = new int[nodes - 1];
        for (int i = 0; i < nodes - 1; i++) {
            u[i] = i;
            v[i] = i + 1;
        }
        return Graph.undirected(nodes, u, v);
    }

    private static Graph cycle(int nodes) {
        int[] u = new int[nodes];
        int[] v = new int[nodes];
        for (int i = 0; i < nodes; i++) {
            u[i] = i;
            v[i] = (i + 1) % nodes;
        }
        return Graph.undirected(nodes, u, v);
    }
}
