package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The graph of the strong entries of causal attention maps: an edge from key j to query i, j at most i, wherever the
 * heads' weights together are above a limit. Reads the lower triangle once and keeps nothing of its size.
 */
public final class MapEdges {
    /** How the heads' weights count together. */
    public enum Join {
        /** Their sum. */
        SUM,
        /** The largest. */
        MAX
    }

    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    /** Rows of one task; fixed, so that the graph does not depend on the number of threads. */
    private static final int TASK_ROWS = 64;

    private MapEdges() { }

    /**
     * Finds the edges. Sequence b's position i is node {@code b * N + i}; edges are numbered by query, then key.
     *
     * @param maps      (B, H, N, N)
     * @param selfEdges whether j = i counts
     * @return the matrix by query, B N rows and columns
     * @throws IllegalArgumentException when a map is not square, naming both sides
     */
    public static Csr above(Rows maps, Join join, float limit, boolean selfEdges) {
        Arguments.required("maps", maps);
        Arguments.equal("width of maps", maps.width(), maps.rows());
        int n = maps.rows();
        int blocks = (n + TASK_ROWS - 1) / TASK_ROWS;
        int[][] keys = new int[maps.batch() * blocks][];
        int[] degree = new int[maps.batch() * n];
        Workers.run(keys.length, task -> {
            int b = task / blocks;
            int first = task % blocks * TASK_ROWS;
            int last = Math.min(n, first + TASK_ROWS);
            int[] found = new int[4 * TASK_ROWS + n];
            int count = 0;
            for (int i = first; i < last; i++) {
                if (found.length < count + i + 1) {
                    found = Arrays.copyOf(found, 2 * found.length);
                }
                int before = count;
                count = row(maps, b, i, selfEdges ? i + 1 : i, join, limit, found, count);
                degree[b * n + i] = count - before;
            }
            keys[task] = Arrays.copyOf(found, count);
        });
        int edges = Arrays.stream(degree).sum();
        int[] source = new int[edges];
        int[] target = new int[edges];
        int at = 0;
        for (int task = 0; task < keys.length; task++) {
            int shift = task / blocks * n;
            for (int key : keys[task]) {
                source[at++] = shift + key;
            }
        }
        at = 0;
        for (int node = 0; node < degree.length; node++) {
            Arrays.fill(target, at, at + degree[node], node);
            at += degree[node];
        }
        return Csr.of(degree.length, degree.length, source, target);
    }

    /** Appends the keys below {@code end} of query i; the new count. */
    private static int row(Rows maps, int b, int i, int end, Join join, float limit, int[] found, int count) {
        MemorySegment data = maps.data();
        long base = maps.offset(b, 0, i) * Float.BYTES;
        long headStride = maps.headStride() * Float.BYTES;
        int heads = maps.heads();
        int j = 0;
        for (; j + LANES <= end; j += LANES) {
            long at = base + (long) j * Float.BYTES;
            FloatVector together = FloatVector.fromMemorySegment(FLOAT, data, at, ORDER);
            for (int h = 1; h < heads; h++) {
                FloatVector next = FloatVector.fromMemorySegment(FLOAT, data, at + h * headStride, ORDER);
                together = join == Join.SUM ? together.add(next) : together.max(next);
            }
            VectorMask<Float> strong = together.compare(VectorOperators.GT, limit);
            if (strong.anyTrue()) {
                for (long bits = strong.toLong(); bits != 0; bits &= bits - 1) {
                    found[count++] = j + Long.numberOfTrailingZeros(bits);
                }
            }
        }
        if (j < end) {
            VectorMask<Float> in = FLOAT.indexInRange(j, end);
            long at = base + (long) j * Float.BYTES;
            FloatVector together = FloatVector.fromMemorySegment(FLOAT, data, at, ORDER, in);
            for (int h = 1; h < heads; h++) {
                FloatVector next = FloatVector.fromMemorySegment(FLOAT, data, at + h * headStride, ORDER, in);
                together = join == Join.SUM ? together.add(next) : together.max(next);
            }
            for (long bits = together.compare(VectorOperators.GT, limit, in).toLong(); bits != 0; bits &= bits - 1) {
                found[count++] = j + Long.numberOfTrailingZeros(bits);
            }
        }
        return count;
    }
}
