package io.heed.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The online softmax of Milakov and Gimelshein, as in FlashAttention, on rows of logits in powers of two: a row keeps a
 * reference m, the sum of 2^(s - m) and an output weighted by them. The reference follows the running maximum lazily:
 * while no logit exceeds it by more than {@value #SLACK}, nothing is rescaled, since floats lose no precision by a
 * common factor.
 */
final class SoftmaxRows {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final VectorSpecies<Integer> INT = Lanes.INT;
    private static final int LANES = Lanes.COUNT;

    /**
     * The reference of a row that saw no key: far below any logit, yet finite, so that hidden keys give 2^-infinity =
     * 0.
     */
    static final float UNSEEN = -1e30f;

    private static final float SLACK = 8f;
    // As integers, positive floats keep their order and negative ones lie below: one integer maximum finds what is too
    // large.
    private static final int SLACK_BITS = Float.floatToRawIntBits(SLACK);

    private SoftmaxRows() { }

    /**
     * Turns {@code length} logits of one row into weights and accounts for them.
     *
     * @param references m of each row
     * @param sums       a vector of partial sums of each row
     * @param output     the row's weighted output, {@code outputLength} floats, rescaled when m changes
     */
    static void update(float[] logits, int at, int length, float[] weights, float[] references, float[] sums, int row,
            float[] output, int outputAt, int outputLength) {
        float m = references[row];
        if (m == UNSEEN || !weigh(logits, at, length, weights, m, sums, row * LANES)) {
            float larger = Math.max(m, RowReduction.max(logits, at, length));
            if (m != UNSEEN) {
                float factor = Exponential.exp2(FloatVector.broadcast(FLOAT, m - larger)).lane(0);
                Panels.scale(output, outputAt, outputLength, factor);
                Panels.scale(sums, row * LANES, LANES, factor);
            }
            references[row] = larger;
            weighAll(logits, at, length, weights, larger, sums, row * LANES);
        }
    }

    private static boolean weigh(float[] logits, int at, int length, float[] weights, float m, float[] sums,
            int sumsAt) {
        FloatVector reference = FloatVector.broadcast(FLOAT, m);
        FloatVector sum = FloatVector.fromArray(FLOAT, sums, sumsAt);
        IntVector largest = IntVector.zero(INT);
        for (int j = 0; j < length; j += LANES) {
            FloatVector x = FloatVector.fromArray(FLOAT, logits, at + j).sub(reference);
            largest = largest.max(x.reinterpretAsInts());
            FloatVector p = Exponential.exp2(x);
            sum = sum.add(p);
            p.intoArray(weights, at + j);
        }
        if (largest.compare(VectorOperators.GT, SLACK_BITS).anyTrue()) {
            return false;
        }
        sum.intoArray(sums, sumsAt);
        return true;
    }

    private static void weighAll(float[] logits, int at, int length, float[] weights, float m, float[] sums,
            int sumsAt) {
        FloatVector reference = FloatVector.broadcast(FLOAT, m);
        FloatVector sum = FloatVector.fromArray(FLOAT, sums, sumsAt);
        for (int j = 0; j < length; j += LANES) {
            FloatVector p = Exponential.exp2(FloatVector.fromArray(FLOAT, logits, at + j).sub(reference));
            sum = sum.add(p);
            p.intoArray(weights, at + j);
        }
        sum.intoArray(sums, sumsAt);
    }

    /**
     * The backward pass of one row: P = 2^(s - m) over the logits, and dS = P (dP - delta) over dP.
     *
     * @param logSumExp m, in powers of two
     * @param delta     sum of the row's dOut * out, less the gradient of its log-sum-exp
     */
    static void differentiate(float[] logits, int at, float[] gradients, int gradientsAt, int length, float logSumExp,
            float delta) {
        for (int j = 0; j < length; j += LANES) {
            FloatVector p = Exponential.exp2(FloatVector.fromArray(FLOAT, logits, at + j).sub(logSumExp));
            p.intoArray(logits, at + j);
            FloatVector.fromArray(FLOAT, gradients, gradientsAt + j).sub(delta).mul(p).intoArray(gradients,
                    gradientsAt + j);
        }
    }
}
