package io.heed.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** The logistic function on rows of logits: no maximum, no sum, nothing to rescale. */
final class SigmoidRows {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;

    // 2^126 is the largest power whose reciprocal is a normal float.
    private static final float LARGEST = 126f;

    private SigmoidRows() { }

    /**
     * Turns {@code length} logits into weights P = 1 / (1 + 2^x) with x = logit + shift; so logits come negated and in
     * powers of two.
     */
    static void weigh(float[] logits, int at, int length, float[] weights, float shift) {
        FloatVector one = FloatVector.broadcast(FLOAT, 1f);
        for (int j = 0; j < length; j += LANES) {
            FloatVector x = FloatVector.fromArray(FLOAT, logits, at + j).add(shift);
            x = x.blend(LARGEST, x.compare(VectorOperators.GT, LARGEST));
            one.div(Exponential.exp2(x).add(one)).intoArray(weights, at + j);
        }
    }

    /**
     * The backward pass of one row: P over the logits, which come as for {@link #weigh}, and dS = dP P (1 - P) over dP.
     */
    static void differentiate(float[] logits, int at, float[] gradients, int gradientsAt, int length, float shift) {
        FloatVector one = FloatVector.broadcast(FLOAT, 1f);
        for (int j = 0; j < length; j += LANES) {
            FloatVector x = FloatVector.fromArray(FLOAT, logits, at + j).add(shift);
            x = x.blend(LARGEST, x.compare(VectorOperators.GT, LARGEST));
            FloatVector p = one.div(Exponential.exp2(x).add(one));
            p.intoArray(logits, at + j);
            FloatVector.fromArray(FLOAT, gradients, gradientsAt + j).mul(p).mul(one.sub(p)).intoArray(gradients,
                    gradientsAt + j);
        }
    }
}
