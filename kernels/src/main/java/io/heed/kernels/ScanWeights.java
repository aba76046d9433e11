package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The scalar part of the prefix scan: for every prefix of every head the running maximum m, the normaliser c, and the
 * two factors of the recurrence a' = decay a + weight v, with decay = exp(m - m') and weight = exp(s - m').
 *
 * <p>A head holds N + 2 slots from {@link #base}: slot 0 is the initial state, slot 1 + t is token t, and the last has
 * decay 1, so that the backward sweep may start from a state after the last token.
 *
 * <p>The empty prefix, maximum -inf, is measured from the least finite number instead: exp(-inf - reference) is then 0
 * for every token and the recurrence needs no case of its own.
 */
final class ScanWeights {
    private static final VectorSpecies<Float> SPECIES = Lanes.FLOAT;
    private static final ThreadLocal<ScanWeights> SCRATCH = ThreadLocal.withInitial(ScanWeights::new);

    float[] maximum = new float[0];
    float[] weight = maximum;
    float[] decay = maximum;
    float[] normaliser = maximum;
    float[] inverse = maximum;
    private int stride;

    /** The calling thread's own scratch, with room for {@code heads} heads of {@code rows} tokens. */
    static ScanWeights scratch(int heads, int rows) {
        ScanWeights weights = SCRATCH.get();
        // whole vectors are stored past the last slot
        weights.stride = Math.toIntExact((rows + 2L + 2 * Lanes.COUNT - 1) / Lanes.COUNT * Lanes.COUNT);
        int floats = Math.multiplyExact(heads, weights.stride);
        if (weights.maximum.length < floats) {
            weights.maximum = new float[floats];
            weights.weight = new float[floats];
            weights.decay = new float[floats];
            weights.normaliser = new float[floats];
            weights.inverse = new float[floats];
        }
        return weights;
    }

    /** Slot 0 of {@code head}. */
    int base(int head) {
        return head * stride;
    }

    /** Fills head {@code slot} from the scores of head {@code h} of sequence {@code b}. */
    void fill(int slot, Rows scores, int b, int h, float maximum0, float normaliser0) {
        int base = base(slot);
        int rows = scores.rows();
        maximum[base] = maximum0;
        normaliser[base] = normaliser0;
        runningMaximum(scores.data(), scores.offset(b, h, 0) * Float.BYTES, scores.rowStride() * Float.BYTES,
                base + 1, rows);
        factors(base + 1, rows);
        normalisers(base + 1, rows);
        inverses(base, rows + 1);
        decay[base + 1 + rows] = 1;
    }

    private void runningMaximum(MemorySegment scores, long at, long step, int first, int rows) {
        float[] m = maximum;
        float[] s = weight;
        float greatest = m[first - 1];
        for (int t = 0; t < rows; t++) {
            float score = scores.get(ValueLayout.JAVA_FLOAT, at + t * step);
            greatest = score > greatest ? score : greatest;
            s[first + t] = score;
            m[first + t] = greatest;
        }
    }

    private void factors(int first, int rows) {
        float[] m = maximum;
        float[] w = weight;
        float[] d = decay;
        for (int t = first; t < first + rows; t += SPECIES.length()) {
            FloatVector reference = FloatVector.fromArray(SPECIES, m, t).max(-Float.MAX_VALUE);
            FloatVector before = FloatVector.fromArray(SPECIES, m, t - 1).max(-Float.MAX_VALUE);
            Exponential.exp(FloatVector.fromArray(SPECIES, w, t).sub(reference)).intoArray(w, t);
            Exponential.exp(before.sub(reference)).intoArray(d, t);
        }
    }

    /** The normaliser is carried in double: thousands of terms are added to one number. */
    private void normalisers(int first, int rows) {
        float[] w = weight;
        float[] d = decay;
        float[] c = normaliser;
        double sum = c[first - 1];
        for (int t = first; t < first + rows; t++) {
            sum = sum * d[t] + w[t];
            c[t] = (float) sum;
        }
    }

    private void inverses(int first, int count) {
        for (int t = first; t < first + count; t += SPECIES.length()) {
            FloatVector c = FloatVector.fromArray(SPECIES, normaliser, t);
            VectorMask<Float> empty = c.compare(VectorOperators.EQ, 0f);
            FloatVector.broadcast(SPECIES, 1f).div(c).blend(0f, empty).intoArray(inverse, t);
        }
    }
}
