package io.heed.graph;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

import io.heed.tensor.Ops;
import io.heed.tensor.Safetensors;

/**
 * Positional and structural encodings of nodes, kept on disk under the graph's hash so that each is worked out once.
 */
public enum Encoding {
    /** {@link LaplacianEncoding}. */
    LAPLACIAN {
        @Override
        float[] compute(Graph graph, int k) {
            return LaplacianEncoding.of(graph, k);
        }
    },
    /** {@link RandomWalkEncoding}. */
    RANDOM_WALK {
        @Override
        float[] compute(Graph graph, int k) {
            return RandomWalkEncoding.of(graph, k);
        }
    },
    /** log(1 + in-degree) in one column, 0 in the others. */
    DEGREE {
        @Override
        float[] compute(Graph graph, int k) {
            float[] values = new float[graph.nodes() * k];
            int[] degrees = graph.inDegrees();
            for (int i = 0; i < degrees.length; i++) {
                values[i * k] = (float) Math.log1p(degrees[i]);
            }
            return values;
        }
    };

    /** Smaller graphs are quicker worked out than read. */
    private static final int CACHED_FROM = 1000;
    private static final int FORMAT = 1;

    abstract float[] compute(Graph graph, int k);

    /**
     * The encoding (N, k), row by row, from {@code cache} if it is there. A cache that cannot be read or written is
     * passed over: the encoding is then worked out again.
     *
     * @param cache a folder; null for none
     */
    public float[] of(Graph graph, int k, Path cache) {
        if (cache == null || graph.nodes() < CACHED_FROM) {
            return compute(graph, k);
        }
        Path file = cache.resolve(name().toLowerCase(Locale.ROOT) + "-" + k + "-" + FORMAT + "-" + graph.hash()
                + (graph.parts() > 1 ? "-" + graph.parts() : "") + ".safetensors");
        float[] known = read(file, graph.nodes(), k);
        if (known != null) {
            return known;
        }
        float[] values = compute(graph, k);
        write(file, values, graph.nodes(), k);
        return values;
    }

    /** The user's cache folder: {@code HEED_CACHE}, else {@code ~/.cache/heed}. */
    public static Path userCache() {
        String set = System.getenv("HEED_CACHE");
        return (set == null || set.isBlank() ? Path.of(System.getProperty("user.home"), ".cache", "heed")
                : Path.of(set))
                .resolve("encodings");
    }

    private static float[] read(Path file, int nodes, int k) {
        if (!Files.isRegularFile(file)) {
            return null;
        }
        try (PointerScope _ = new PointerScope()) {
            Tensor tensor = Safetensors.open(file).tensor("encoding");
            return tensor.dim() == 2 && tensor.size(0) == nodes && tensor.size(1) == k ? Ops.floats(tensor) : null;
        } catch (IOException | IllegalArgumentException e) {
            return null; // a damaged file is replaced
        }
    }

    private static void write(Path file, float[] values, int nodes, int k) {
        try (PointerScope _ = new PointerScope()) {
            Files.createDirectories(file.getParent());
            Safetensors.write(file, Map.of("encoding", Ops.of(values, nodes, k)), Map.of());
        } catch (IOException e) {
            // a read-only home costs time at the next start, nothing else
        }
    }
}
