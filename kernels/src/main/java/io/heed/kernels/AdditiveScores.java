package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Additive attention's scores (Bahdanau et al., ICLR 2015; pointer networks), without the (S, N, h) tensor of sums:
 *
 * <pre>
 *   u_sn = sum_i v_i tanh(k_ni + q_si)
 * </pre>
 * The backward pass computes tanh again. Sets, which are the heads of the views, are the tasks.
 */
public final class AdditiveScores {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;
    private static final float TWO_LOG2_E = 2 * Exponential.LOG2_E;
    private static final float SATURATED = 15f; // tanh is 1 in float32 beyond
    private static final Scratch KEYS = new Scratch();
    private static final Scratch QUERIES = new Scratch();
    private static final Scratch GRADIENTS = new Scratch();

    private AdditiveScores() { }

    /**
     * The scores.
     *
     * @param q   (B, H, S, h)
     * @param k   (B, H, N, h)
     * @param v   (1, 1, 1, h)
     * @param out receives (B, H, S, N)
     * @throws IllegalArgumentException when shapes do not fit, naming the argument and both numbers
     */
    public static void forward(Rows q, Rows k, Rows v, Rows out) {
        check(q, k, v, "out", out);
        int padded = padded(q.width());
        float[] weights = weights(v, padded);
        Workers.run(q.batch() * q.heads(), set -> {
            int b = set / q.heads();
            int h = set % q.heads();
            float[] keys = KEYS.atLeast((long) k.rows() * padded, "keys");
            float[] queries = QUERIES.atLeast((long) q.rows() * padded, "queries");
            copy(k, b, h, keys, padded);
            copy(q, b, h, queries, padded);
            for (int s = 0; s < q.rows(); s++) {
                long at = out.offset(b, h, s) * Float.BYTES;
                for (int n = 0; n < k.rows(); n++) {
                    out.data().set(ValueLayout.JAVA_FLOAT_UNALIGNED, at + (long) n * Float.BYTES,
                            score(queries, s * padded, keys, n * padded, weights, padded));
                }
            }
        });
    }

    /**
     * Gradients of {@link #forward}.
     *
     * @param g  (B, H, S, N), what arrives at the scores
     * @param dq receives (B, H, S, h)
     * @param dk receives (B, H, N, h)
     * @param dv receives (1, 1, 1, h)
     */
    public static void backward(Rows q, Rows k, Rows v, Rows g, Rows dq, Rows dk, Rows dv) {
        check(q, k, v, "g", g);
        Arguments.shape("dq", dq, q.batch(), q.heads(), q.rows(), q.width());
        Arguments.shape("dk", dk, k.batch(), k.heads(), k.rows(), k.width());
        Arguments.shape("dv", dv, 1, 1, 1, v.width());
        int padded = padded(q.width());
        float[] weights = weights(v, padded);
        int sets = q.batch() * q.heads();
        float[][] parts = new float[sets][padded]; // dv of each set, summed in order
        Workers.run(sets, set -> {
            int b = set / q.heads();
            int h = set % q.heads();
            float[] keys = KEYS.atLeast((long) k.rows() * padded, "keys");
            float[] queries = QUERIES.atLeast((long) q.rows() * padded, "queries");
            float[] gradients = GRADIENTS.atLeast((long) (q.rows() + k.rows()) * padded, "gradients");
            copy(k, b, h, keys, padded);
            copy(q, b, h, queries, padded);
            Arrays.fill(gradients, 0, (q.rows() + k.rows()) * padded, 0);
            for (int s = 0; s < q.rows(); s++) {
                long at = g.offset(b, h, s) * Float.BYTES;
                for (int n = 0; n < k.rows(); n++) {
                    float arriving = g.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, at + (long) n * Float.BYTES);
                    if (arriving != 0) {
                        accumulate(arriving, queries, s * padded, keys, n * padded, weights, gradients,
                                (q.rows() + n) * padded, parts[set], padded);
                    }
                }
            }
            store(gradients, 0, padded, dq, b, h);
            store(gradients, q.rows() * padded, padded, dk, b, h);
        });
        float[] sum = new float[padded];
        for (float[] part : parts) {
            for (int i = 0; i < padded; i++) {
                sum[i] += part[i];
            }
        }
        store(sum, 0, padded, dv, 0, 0);
    }

    private static void check(Rows q, Rows k, Rows v, String name, Rows scores) {
        Arguments.required("q", q);
        Arguments.required("k", k);
        Arguments.shape("k", k, q.batch(), q.heads(), k.rows(), q.width());
        Arguments.shape("v", v, 1, 1, 1, q.width());
        Arguments.shape(name, scores, q.batch(), q.heads(), q.rows(), k.rows());
    }

    private static float score(float[] q, int qAt, float[] k, int kAt, float[] v, int padded) {
        FloatVector sum = FloatVector.zero(FLOAT);
        for (int i = 0; i < padded; i += LANES) {
            FloatVector x = FloatVector.fromArray(FLOAT, q, qAt + i).add(FloatVector.fromArray(FLOAT, k, kAt + i));
            sum = tanh(x).fma(FloatVector.fromArray(FLOAT, v, i), sum);
        }
        return RowReduction.sumOfLanes(sum);
    }

    /** Adds one score's gradient to its query's (at the query's place), its key's and the weights'. */
    private static void accumulate(float arriving, float[] q, int at, float[] k, int kAt, float[] v, float[] gradients,
            int keyAt,
                                   float[] dv, int padded) {
        for (int i = 0; i < padded; i += LANES) {
            FloatVector x = FloatVector.fromArray(FLOAT, q, at + i).add(FloatVector.fromArray(FLOAT, k, kAt + i));
            FloatVector t = tanh(x);
            FloatVector slope = FloatVector.fromArray(FLOAT, v, i).mul(arriving).mul(t.mul(t).neg().add(1f));
            FloatVector.fromArray(FLOAT, gradients, at + i).add(slope).intoArray(gradients, at + i);
            FloatVector.fromArray(FLOAT, gradients, keyAt + i).add(slope).intoArray(gradients, keyAt + i);
            FloatVector.fromArray(FLOAT, dv, i).add(t.mul(arriving)).intoArray(dv, i);
        }
    }

    /** 1 - 2 / (1 + e^2x). */
    private static FloatVector tanh(FloatVector x) {
        FloatVector bounded = x.min(SATURATED).max(-SATURATED);
        FloatVector power = Exponential.exp2(bounded.mul(TWO_LOG2_E));
        return FloatVector.broadcast(FLOAT, 2f).div(power.add(1f)).neg().add(1f);
    }

    private static int padded(int width) {
        return (width + LANES - 1) / LANES * LANES;
    }

    private static float[] weights(Rows v, int padded) {
        float[] weights = new float[padded]; // zeros past the width, so that padding adds nothing
        copy(v, 0, 0, weights, padded);
        return weights;
    }

    /** Rows of one set, each padded with zeros. */
    private static void copy(Rows from, int b, int h, float[] to, int padded) {
        for (int row = 0; row < from.rows(); row++) {
            MemorySegment.copy(from.data(), ValueLayout.JAVA_FLOAT_UNALIGNED,
                    from.offset(b, h, row) * Float.BYTES, to, row * padded, from.width());
            Arrays.fill(to, row * padded + from.width(), (row + 1) * padded, 0);
        }
    }

    private static void store(float[] from, int at, int padded, Rows to, int b, int h) {
        for (int row = 0; row < to.rows(); row++) {
            MemorySegment.copy(from, at + row * padded, to.data(), ValueLayout.JAVA_FLOAT_UNALIGNED,
                    to.offset(b, h, row) * Float.BYTES, to.width());
        }
    }
}
