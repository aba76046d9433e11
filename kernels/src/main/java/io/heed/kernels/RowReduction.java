package io.heed.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Maximum, sum and dot product along a stretch of heap scratch, in an order that depends on its length alone. */
final class RowReduction {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;

    private static final VectorShuffle<Float> BY_EIGHT = rotation(8);
    private static final VectorShuffle<Float> BY_FOUR = rotation(4);
    private static final VectorShuffle<Float> BY_TWO = rotation(2);
    private static final VectorShuffle<Float> BY_ONE = rotation(1);

    private RowReduction() { }

    private static VectorShuffle<Float> rotation(int lanes) {
        return VectorShuffle.fromOp(FLOAT, i -> (i + lanes) % LANES);
    }

    /** The largest of {@code length} floats from {@code offset}; -infinity of none. NaN is passed over. */
    static float max(float[] x, int offset, int length) {
        float best = Float.NEGATIVE_INFINITY;
        int i = 0;
        if (length >= LANES) {
            FloatVector lanes = FloatVector.broadcast(FLOAT, best);
            for (; i <= length - LANES; i += LANES) {
                FloatVector next = FloatVector.fromArray(FLOAT, x, offset + i);
                lanes = lanes.blend(next, next.compare(VectorOperators.GT, lanes));
            }
            best = lanes.reduceLanes(VectorOperators.MAX);
        }
        for (; i < length; i++) {
            float next = x[offset + i];
            best = next > best ? next : best;
        }
        return best;
    }

    /** The sum of {@code length} floats from {@code offset}. */
    static float sum(float[] x, int offset, int length) {
        FloatVector lanes = FloatVector.zero(FLOAT);
        int i = 0;
        for (; i <= length - LANES; i += LANES) {
            lanes = lanes.add(FloatVector.fromArray(FLOAT, x, offset + i));
        }
        float total = i == 0 ? 0f : sumOfLanes(lanes);
        for (; i < length; i++) {
            total += x[offset + i];
        }
        return total;
    }

    /** The dot product of two stretches of {@code length} floats. */
    static float dot(float[] x, int xOffset, float[] y, int yOffset, int length) {
        FloatVector lanes = FloatVector.zero(FLOAT);
        int i = 0;
        for (; i <= length - LANES; i += LANES) {
            lanes = FloatVector.fromArray(FLOAT, x, xOffset + i).fma(FloatVector.fromArray(FLOAT, y, yOffset + i),
                    lanes);
        }
        float total = i == 0 ? 0f : sumOfLanes(lanes);
        for (; i < length; i++) {
            total = Math.fma(x[xOffset + i], y[yOffset + i], total);
        }
        return total;
    }

    /**
     * The sum of a vector's lanes by halves, in a fixed order: {@code reduceLanes(ADD)} promises none, so interpreted
     * and compiled code could differ in the last bit.
     */
    static float sumOfLanes(FloatVector x) {
        FloatVector sum = x;
        if (LANES >= 16) {
            sum = sum.add(sum.rearrange(BY_EIGHT));
        }
        if (LANES >= 8) {
            sum = sum.add(sum.rearrange(BY_FOUR));
        }
        sum = sum.add(sum.rearrange(BY_TWO));
        sum = sum.add(sum.rearrange(BY_ONE));
        return sum.lane(0);
    }
}
