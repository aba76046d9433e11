package io.heed.kernels;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The same attentions, scans and aggregations in JVMs with different numbers of threads must give the same bits. */
class ThreadCountTest {
    private static final int PROBLEMS = 12;

    @Test
    void resultsAreTheSameBitsForAnyNumberOfThreads() throws Exception {
        List<String> alone = digests(1);
        assertThat(alone).hasSize(PROBLEMS + 3 + NeighbourAggregation.Kind.values().length);
        assertThat(digests(3)).isEqualTo(alone);
    }

    private static List<String> digests(int threads) throws IOException, InterruptedException {
        String classes = Stream.of(Attention.class, ThreadCountTest.class, org.assertj.core.api.Assertions.class,
                        net.jqwik.api.Property.class, Test.class, org.junit.jupiter.params.ParameterizedTest.class)
                .map(ThreadCountTest::location).collect(Collectors.joining(java.io.File.pathSeparator));
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules", "jdk.incubator.vector", "-Dheed.threads=" + threads,
                "-D" + Lanes.PROPERTY + "=" + Lanes.FLOAT.vectorBitSize(), "-cp", classes,
                Digests.class.getName()).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("exit status with %d threads: %s", threads, output).isZero();
        return output.lines().toList();
    }

    private static String location(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
        } catch (java.net.URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Prints a digest of every result of a fixed list of attentions, of a selective scan, of a neighborhood, and of
     * work over edges.
     */
    static final class Digests {
        private Digests() { }

        public static void main(String[] arguments) {
            for (int seed = 0; seed < PROBLEMS; seed++) {
                Random random = new Random(seed);
                try (Arena arena = Arena.ofShared()) {
                    int batch = 1 + random.nextInt(2);
                    int kvHeads = 1 + random.nextInt(2);
                    int heads = kvHeads * (1 + random.nextInt(2));
                    int queries = 1 + random.nextInt(200);
                    int keys = 1 + random.nextInt(600);
                    AttentionSpec spec = AttentionTest.spec(arena, random, batch, heads, queries, keys);
                    AttentionProblem problem = new AttentionProblem(arena, random, batch, heads, kvHeads, queries,
                            keys, 20, 24, 1, false, spec);
                    problem.run();
                    System.out.println(seed + " " + problem.digest());
                }
            }
            System.out.println("selective " + SelectiveScanTest.digest());
            System.out.println("neighborhood " + NeighborhoodAttentionTest.digest());
            edges();
        }

        /** Large enough for several tasks. */
        private static void edges() {
            Random random = new Random(PROBLEMS);
            int nodes = 900;
            EdgeReference.Case of = new EdgeReference.Case(random, nodes, nodes, 6000, 4, 8, 8);
            EdgeAttentionTest.dot(of, random, 1);
            try (Arena arena = Arena.ofShared()) {
                System.out.println("edges " + Arrays.deepHashCode(EdgeAttentionTest.gradients(arena, of)));
                Csr edges = Csr.of(nodes, nodes, of.source, of.target);
                Rows x = EdgeAttentionTest.view(arena, of.value, 1, nodes, 32);
                for (NeighbourAggregation.Kind kind : NeighbourAggregation.Kind.values()) {
                    Rows out = EdgeAttentionTest.view(arena, new double[of.value.length], 1, nodes, 32);
                    Rows gradient = EdgeAttentionTest.view(arena, new double[of.value.length], 1, nodes, 32);
                    MemorySegment winners = kind == NeighbourAggregation.Kind.MAX
                            ? arena.allocate((long) of.value.length * Integer.BYTES, Integer.BYTES) : null;
                    NeighbourAggregation.forward(kind, edges, x, null, out, winners);
                    NeighbourAggregation.backward(kind, edges, x, null, out, winners, gradient);
                    System.out.println(kind + " " + Arrays.hashCode(EdgeAttentionTest.read(out)) + " "
                            + Arrays.hashCode(EdgeAttentionTest.read(gradient)));
                }
            }
        }
    }

    @Test
    void theDigestSeesASingleBit() {
        float[] x = {1f, 2f, 3f};
        int before = Arrays.hashCode(x);
        x[1] = Math.nextUp(x[1]);
        assertThat(Arrays.hashCode(x)).isNotEqualTo(before);
    }
}
