package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Parts of a softmax attention's weights that {@link Attention} does not give, recomputed tile by tile from its
 * log-sum-exp, without an N x N matrix:
 *
 * <pre>
 *   P_ij = exp(scale * q_i . k_j - lse_i)   for j &lt;= i
 * </pre>
 */
public final class AttentionMass {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;
    private static final int TILE_KEYS = 192;
    private static final int TILE_QUERIES = 16 * Matrix.ROWS;
    private static final Scratch KEYS = new Scratch();
    private static final Scratch ROWS = new Scratch();
    private static final Scratch QUERIES = new Scratch();
    private static final Scratch LOGITS = new Scratch();

    private AttentionMass() { }

    /**
     * What each key receives of causal attention: {@code sums[(b H + h) N + j] = sum_i P_ij}.
     *
     * @param q    (B, H, N, d), H a multiple of G
     * @param k    (B, G, N, d)
     * @param lse  (B, H, N) contiguous, of causal attention with this scale
     * @param sums receives (B, H, N)
     * @throws IllegalArgumentException when shapes do not fit, naming the argument and both numbers
     */
    public static void columns(Rows q, Rows k, MemorySegment lse, float scale, float[] sums) {
        Arguments.required("q", q);
        Arguments.required("k", k);
        Arguments.shape("k", k, q.batch(), k.heads(), q.rows(), q.width());
        Arguments.equal("q heads modulo k's " + k.heads(), k.heads() == 0 ? q.heads() : q.heads() % k.heads(), 0);
        long rows = (long) q.batch() * q.heads() * q.rows();
        Arguments.range("lse floats", lse.byteSize() / Float.BYTES, rows, Long.MAX_VALUE);
        Arguments.range("sums length", sums.length, rows, Long.MAX_VALUE);
        int tiles = (q.rows() + TILE_KEYS - 1) / TILE_KEYS;
        Workers.run(q.batch() * q.heads() * tiles, task -> {
            int head = task / tiles;
            tile(q, k, lse, scale, sums, head / q.heads(), head % q.heads(), task % tiles * TILE_KEYS);
        });
    }

    private static void tile(Rows q, Rows k, MemorySegment lse, float scale, float[] sums, int b, int h, int first) {
        int width = q.width();
        int count = Math.min(TILE_KEYS, q.rows() - first);
        int padded = Panels.padded(count);
        float[] rows = ROWS.atLeast(TILE_KEYS * width);
        float[] keys = KEYS.atLeast(TILE_KEYS * width);
        int cached = h / (q.heads() / k.heads());
        Panels.read(k.data(), k.offset(b, cached, first), k.rowStride(), count, width, rows, 0, width);
        Panels.transpose(rows, 0, width, count, width, keys, 0, padded);
        float[] queries = QUERIES.atLeast(TILE_QUERIES * width);
        float[] logits = LOGITS.atLeast(TILE_QUERIES * TILE_KEYS);
        float[] mass = new float[padded];
        long lseAt = ((long) b * q.heads() + h) * q.rows();
        for (int from = first; from < q.rows(); from += TILE_QUERIES) {
            int many = Math.min(TILE_QUERIES, q.rows() - from);
            Panels.read(q.data(), q.offset(b, h, from), q.rowStride(), many, width, queries, 0, width);
            Panels.scale(queries, 0, many * width, scale * Exponential.LOG2_E);
            Matrix.multiply(many, padded, width, queries, 0, width, 1, keys, 0, padded, logits, 0, padded);
            for (int r = 0; r < many; r++) {
                int visible = Math.min(count, from + r - first + 1);
                Arrays.fill(logits, r * padded + visible, (r + 1) * padded, Float.NEGATIVE_INFINITY);
                float reference = lse.getAtIndex(ValueLayout.JAVA_FLOAT, lseAt + from + r) * Exponential.LOG2_E;
                add(logits, r * padded, padded, reference, mass);
            }
        }
        System.arraycopy(mass, 0, sums, (int) lseAt + first, count);
    }

    private static void add(float[] logits, int at, int length, float reference, float[] mass) {
        for (int j = 0; j < length; j += LANES) {
            FloatVector p = Exponential.exp2(FloatVector.fromArray(FLOAT, logits, at + j).sub(reference));
            FloatVector.fromArray(FLOAT, mass, j).add(p).intoArray(mass, j);
        }
    }

    /**
     * One row of weights over cached keys: {@code weights[j] = softmax_j(scale * q . k_j)}.
     *
     * @param query   the query, d floats from {@code at}
     * @param keys    where the keys are
     * @param b       sequence
     * @param head    cached head
     * @param length  cached positions
     * @param weights receives so many floats and up to a vector of anything after them
     */
    public static void row(float[] query, int at, Pages keys, int b, int head, int length, float scale,
            float[] weights) {
        keys.check("keys", b, length);
        Arguments.range("weights length", weights.length, Panels.padded(length) + LANES, Integer.MAX_VALUE);
        float[] scaled = QUERIES.atLeast(Panels.padded(keys.width()));
        System.arraycopy(query, at, scaled, 0, keys.width());
        Panels.scale(scaled, 0, keys.width(), scale * Exponential.LOG2_E);
        for (int j = 0; j < length; j += keys.pageRows()) {
            CachedKeys.dots(keys.segment(b, j), keys.at(b, head, j), (long) keys.width() * Float.BYTES,
                    Math.min(keys.pageRows(), length - j), keys.width(), scaled, 0, weights, j);
        }
        int padded = Panels.padded(length);
        Arrays.fill(weights, length, padded, Float.NEGATIVE_INFINITY);
        float greatest = RowReduction.max(weights, 0, length);
        for (int j = 0; j < padded; j += LANES) {
            Exponential.exp2(FloatVector.fromArray(FLOAT, weights, j).sub(greatest)).intoArray(weights, j);
        }
        Panels.scale(weights, 0, length, 1 / RowReduction.sum(weights, 0, length));
    }

    /** out = sum_j weights[j] v_j over {@code length} cached values; d floats into {@code out} from {@code at}. */
    public static void weighted(float[] weights, Pages values, int b, int head, int length, float[] out, int at) {
        values.check("values", b, length);
        Arrays.fill(out, at, at + values.width(), 0);
        for (int j = 0; j < length; j += values.pageRows()) {
            CachedKeys.addWeighted(values.segment(b, j), values.at(b, head, j), (long) values.width() * Float.BYTES,
                    Math.min(values.pageRows(), length - j), values.width(), weights, j, out, at);
        }
    }
}
