package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The backward recurrence over a run of tokens of one head, from the last to the first.
 *
 * <p>With g the gradient of o and (gm, gc, ga) that of the states, let alpha_t = g_t / c_t + ga_t,
 * gamma_t = gc_t - (g_t . o_t) / c_t and mu_t = gm_t - gc_t c_t - ga_t . a_t (the maximum only rescales c and a). Then
 * U_t = alpha_t + decay_{t+1} U_{t+1} and W_t = gamma_t + decay_{t+1} W_{t+1} are suffix sums relative to m_t, which
 * shrink as they are carried because m never falls, and
 * dv_t = weight_t U_t, ds_t = weight_t (v_t . U_t + W_t) + the sum of mu over the prefixes whose maximum token t is.
 */
final class ScanBackward {
    private static final VectorSpecies<Float> SPECIES = Lanes.FLOAT;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int LANES = Lanes.COUNT;
    private static final int RUN = 64;
    private static final ThreadLocal<ScanBackward> SCRATCH = ThreadLocal.withInitial(ScanBackward::new);

    /** The carried scalars of one head: W, and the part of mu that still looks for its token. */
    static final class Carry {
        double normaliser;
        double maximum;
    }

    // dot products of one run, added up over the tiles of columns
    private final float[] valueDot = new float[RUN + LANES]; // v_t . U_t
    private final float[] outDot = new float[RUN + LANES]; // g_t . o_t
    private final float[] sumDot = new float[RUN + LANES]; // ga_t . o_t, so that ga_t . a_t = c_t (ga_t . o_t)

    // the same before their lanes are added up, a vector a token
    private final float[] valueLanes = new float[(RUN + 4) * LANES];
    private final float[] outLanes = new float[(RUN + 4) * LANES];
    private final float[] sumLanes = new float[(RUN + 4) * LANES];

    // alpha of one vector of columns of each token
    private final float[] arriving = new float[RUN * LANES];
    private final float[] ones = new float[RUN];

    private ScanBackward() {
        Arrays.fill(ones, 1);
    }

    static ScanBackward scratch() {
        return SCRATCH.get();
    }

    /**
     * Goes through tokens {@code to - 1} down to {@code from}.
     *
     * @param out       the forward's o
     * @param gradOut   g or null
     * @param gradState (gm, gc, ga) after every prefix, or null; its fields may be null
     * @param gradScore ds or null: then only the carry is wanted
     * @param gradValue dv or null
     * @param carry     W and mu from the tokens after the run, then with the run
     * @param suffix    U from the tokens after the run, then with the run, d floats at {@code suffixAt}
     */
    void sweep(ScanWeights weights, int base, Rows values, Rows out, Rows gradOut, ScanState gradState, Rows gradScore,
               Rows gradValue, int b, int h, int from, int to, Carry carry, float[] suffix, int suffixAt) {
        int width = values.width();
        Rows gradSum = gradState == null ? null : gradState.weighted();
        for (int last = to; last > from; ) {
            int first = Math.max(from, last - RUN);
            int count = last - first;
            int slot = base + 1 + first;
            boolean outOnly = gradOut != null && gradSum == null;
            Arrays.fill(valueLanes, 0, count * LANES, 0);
            Arrays.fill(outLanes, 0, count * LANES, 0);
            Arrays.fill(sumLanes, 0, count * LANES, 0);
            long[] at = {start(values, b, h, first), step(values), start(out, b, h, first), step(out),
                start(gradOut, b, h, first), step(gradOut), start(gradSum, b, h, first), step(gradSum),
                start(gradValue, b, h, first), step(gradValue)};
            int column = 0;
            for (; outOnly && column + 4 * LANES <= width; column += 4 * LANES) {
                fourVectorsOfOut(weights, slot, count, values.data(), out.data(), gradOut.data(), data(gradValue), at,
                        (long) column * Float.BYTES, suffix, suffixAt + column);
            }
            for (; column + LANES <= width; column += LANES) {
                oneVector(weights, slot, count, values.data(), out.data(), data(gradOut), data(gradSum),
                        data(gradValue), at, (long) column * Float.BYTES, suffix, suffixAt + column);
            }
            LaneSums.ofRows(valueLanes, count, valueDot);
            LaneSums.ofRows(outLanes, count, outDot);
            LaneSums.ofRows(sumLanes, count, sumDot);
            for (; column < width; column++) {
                oneFloat(weights, slot, count, values.data(), out.data(), data(gradOut), data(gradSum),
                        data(gradValue), at, (long) column * Float.BYTES, suffix, suffixAt + column);
            }
            scalars(weights, slot, first, count, gradState, gradScore, b, h, carry);
            last = first;
        }
    }

    private void scalars(ScanWeights weights, int slot, int first, int count, ScanState gradState, Rows gradScore,
                         int b, int h, Carry carry) {
        Rows gradMaximum = gradState == null ? null : gradState.maximum();
        Rows gradNormaliser = gradState == null ? null : gradState.normaliser();
        double w = carry.normaliser;
        double mu = carry.maximum;
        for (int t = count - 1; t >= 0; t--) {
            int i = slot + t;
            float gm = get(gradMaximum, b, h, first + t);
            float gc = get(gradNormaliser, b, h, first + t);
            double c = weights.normaliser[i];
            mu += gm - gc * c - sumDot[t] * c;
            w = gc - (double) weights.inverse[i] * outDot[t] + weights.decay[i + 1] * w;
            double p = weights.weight[i];
            double gradient = p == 0 ? 0 : p * (valueDot[t] + w);
            if (weights.maximum[i] > weights.maximum[i - 1]) {
                gradient += mu;
                mu = 0;
            }
            if (gradScore != null) {
                gradScore.data().set(ValueLayout.JAVA_FLOAT, gradScore.offset(b, h, first + t) * Float.BYTES,
                        (float) gradient);
            }
        }
        carry.normaliser = w;
        carry.maximum = mu;
    }

    /** Where only o has a gradient, as in training. */
    private void fourVectorsOfOut(ScanWeights weights, int slot, int count, MemorySegment values, MemorySegment out,
                                  MemorySegment gradOut, MemorySegment gradValue, long[] at, long skip, float[] suffix,
                                  int suffixAt) {
        float[] weight = weights.weight;
        float[] decay = weights.decay;
        float[] inverse = weights.inverse;
        long vector = (long) LANES * Float.BYTES;
        FloatVector u0 = FloatVector.fromArray(SPECIES, suffix, suffixAt);
        FloatVector u1 = FloatVector.fromArray(SPECIES, suffix, suffixAt + LANES);
        FloatVector u2 = FloatVector.fromArray(SPECIES, suffix, suffixAt + 2 * LANES);
        FloatVector u3 = FloatVector.fromArray(SPECIES, suffix, suffixAt + 3 * LANES);
        for (int t = count - 1; t >= 0; t--) {
            FloatVector r = FloatVector.broadcast(SPECIES, decay[slot + t + 1]);
            FloatVector i = FloatVector.broadcast(SPECIES, inverse[slot + t]);
            long g = at[4] + t * at[5] + skip;
            FloatVector g0 = FloatVector.fromMemorySegment(SPECIES, gradOut, g, ORDER);
            FloatVector g1 = FloatVector.fromMemorySegment(SPECIES, gradOut, g + vector, ORDER);
            FloatVector g2 = FloatVector.fromMemorySegment(SPECIES, gradOut, g + 2 * vector, ORDER);
            FloatVector g3 = FloatVector.fromMemorySegment(SPECIES, gradOut, g + 3 * vector, ORDER);
            u0 = g0.fma(i, u0.mul(r));
            u1 = g1.fma(i, u1.mul(r));
            u2 = g2.fma(i, u2.mul(r));
            u3 = g3.fma(i, u3.mul(r));
            products(out, at[2] + t * at[3] + skip, g0, g1, g2, g3)
                    .add(FloatVector.fromArray(SPECIES, outLanes, t * LANES)).intoArray(outLanes, t * LANES);
            products(values, at[0] + t * at[1] + skip, u0, u1, u2, u3)
                    .add(FloatVector.fromArray(SPECIES, valueLanes, t * LANES)).intoArray(valueLanes, t * LANES);
            if (gradValue != null) {
                FloatVector p = FloatVector.broadcast(SPECIES, weight[slot + t]);
                long row = at[8] + t * at[9] + skip;
                u0.mul(p).intoMemorySegment(gradValue, row, ORDER);
                u1.mul(p).intoMemorySegment(gradValue, row + vector, ORDER);
                u2.mul(p).intoMemorySegment(gradValue, row + 2 * vector, ORDER);
                u3.mul(p).intoMemorySegment(gradValue, row + 3 * vector, ORDER);
            }
        }
        u0.intoArray(suffix, suffixAt);
        u1.intoArray(suffix, suffixAt + LANES);
        u2.intoArray(suffix, suffixAt + 2 * LANES);
        u3.intoArray(suffix, suffixAt + 3 * LANES);
    }

    private static FloatVector products(MemorySegment rows, long at, FloatVector x0, FloatVector x1, FloatVector x2,
                                        FloatVector x3) {
        long vector = (long) LANES * Float.BYTES;
        FloatVector low = FloatVector.fromMemorySegment(SPECIES, rows, at, ORDER).mul(x0);
        FloatVector high = FloatVector.fromMemorySegment(SPECIES, rows, at + vector, ORDER).mul(x1);
        low = FloatVector.fromMemorySegment(SPECIES, rows, at + 2 * vector, ORDER).fma(x2, low);
        high = FloatVector.fromMemorySegment(SPECIES, rows, at + 3 * vector, ORDER).fma(x3, high);
        return low.add(high);
    }

    /** What arrives first, so that the recurrence holds no branch that gives a vector. */
    private void oneVector(ScanWeights weights, int slot, int count, MemorySegment values, MemorySegment out,
                           MemorySegment gradOut, MemorySegment gradSum, MemorySegment gradValue, long[] at,
                           long skip, float[] suffix, int suffixAt) {
        Arrays.fill(arriving, 0, count * LANES, 0);
        if (gradOut != null) {
            arrive(gradOut, at[4] + skip, at[5], weights.inverse, slot, out, at[2] + skip, at[3], count, arriving,
                    outLanes);
        }
        if (gradSum != null) {
            arrive(gradSum, at[6] + skip, at[7], ones, 0, out, at[2] + skip, at[3], count, arriving, sumLanes);
        }
        recur(weights, slot, count, values, at[0] + skip, at[1], gradValue, at[8] + skip, at[9], suffix, suffixAt);
    }

    /** Adds factor g to what arrives at each token, and g o to its dot product. */
    private static void arrive(MemorySegment gradient, long g, long gStep, float[] factor, int factorAt,
            MemorySegment out, long o, long oStep, int count, float[] arriving, float[] lanes) {
        for (int t = 0, i = 0; t < count; t++, i += LANES) {
            FloatVector x = FloatVector.fromMemorySegment(SPECIES, gradient, g + t * gStep, ORDER);
            x.fma(FloatVector.broadcast(SPECIES, factor[factorAt + t]), FloatVector.fromArray(SPECIES, arriving, i))
                    .intoArray(arriving, i);
            x.fma(FloatVector.fromMemorySegment(SPECIES, out, o + t * oStep, ORDER),
                    FloatVector.fromArray(SPECIES, lanes, i)).intoArray(lanes, i);
        }
    }

    private void recur(ScanWeights weights, int slot, int count, MemorySegment values, long v, long vStep,
            MemorySegment gradValue, long to, long toStep, float[] suffix, int suffixAt) {
        float[] decay = weights.decay;
        float[] weight = weights.weight;
        FloatVector u = FloatVector.fromArray(SPECIES, suffix, suffixAt);
        for (int t = count - 1; t >= 0; t--) {
            int i = t * LANES;
            u = u.fma(FloatVector.broadcast(SPECIES, decay[slot + t + 1]), FloatVector.fromArray(SPECIES, arriving, i));
            FloatVector.fromMemorySegment(SPECIES, values, v + t * vStep, ORDER)
                    .fma(u, FloatVector.fromArray(SPECIES, valueLanes, i)).intoArray(valueLanes, i);
            if (gradValue != null) {
                u.mul(weight[slot + t]).intoMemorySegment(gradValue, to + t * toStep, ORDER);
            }
        }
        u.intoArray(suffix, suffixAt);
    }

    private void oneFloat(ScanWeights weights, int slot, int count, MemorySegment values, MemorySegment out,
                          MemorySegment gradOut, MemorySegment gradSum, MemorySegment gradValue, long[] at,
                          long skip, float[] suffix, int suffixAt) {
        float u = suffix[suffixAt];
        for (int t = count - 1; t >= 0; t--) {
            u *= weights.decay[slot + t + 1];
            float o = out.get(ValueLayout.JAVA_FLOAT, at[2] + t * at[3] + skip);
            if (gradOut != null) {
                float g = gradOut.get(ValueLayout.JAVA_FLOAT, at[4] + t * at[5] + skip);
                u = Math.fma(g, weights.inverse[slot + t], u);
                outDot[t] += o * g;
            }
            if (gradSum != null) {
                float g = gradSum.get(ValueLayout.JAVA_FLOAT, at[6] + t * at[7] + skip);
                u += g;
                sumDot[t] += o * g;
            }
            valueDot[t] += u * values.get(ValueLayout.JAVA_FLOAT, at[0] + t * at[1] + skip);
            if (gradValue != null) {
                gradValue.set(ValueLayout.JAVA_FLOAT, at[8] + t * at[9] + skip,
                        u * weights.weight[slot + t]);
            }
        }
        suffix[suffixAt] = u;
    }

    private static float get(Rows rows, int b, int h, int row) {
        return rows == null ? 0 : rows.data().get(ValueLayout.JAVA_FLOAT, rows.offset(b, h, row) * Float.BYTES);
    }

    private static MemorySegment data(Rows rows) {
        return rows == null ? null : rows.data();
    }

    private static long start(Rows rows, int b, int h, int row) {
        return rows == null ? 0 : rows.offset(b, h, row) * Float.BYTES;
    }

    private static long step(Rows rows) {
        return rows == null ? 0 : rows.rowStride() * Float.BYTES;
    }
}
