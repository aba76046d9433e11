package io.heed.train;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * AdamW on float32 memory, one pass: read value, gradient and both moments once, write value and moments once. Composed
 * of tensor operations the same update makes about ten passes, which on a small model costs more than its forward pass.
 *
 * <p>Addresses are those of live tensors with at least the given number of floats.
 */
final class AdamWKernel {
    private static final VectorSpecies<Float> LANES = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Double> WIDE = DoubleVector.SPECIES_PREFERRED;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /**
     * The factors of one update, equal for all numbers of a group.
     *
     * @param gradientScale multiplies the gradient (clipping)
     * @param keep          multiplies the value first: 1 - rate * weight decay
     * @param beta1         decay of the first moment
     * @param beta2         decay of the second moment
     * @param size          rate / (1 - beta1^t)
     * @param correction    1 / sqrt(1 - beta2^t)
     * @param epsilon       added to the denominator
     */
    record Factors(float gradientScale, float keep, float beta1, float beta2, float size, float correction,
                   float epsilon) { }

    private AdamWKernel() { }

    /** Sum of squares of {@code count} floats, in float64. NaN or infinite if and only if one of them is. */
    static double sumOfSquares(long address, long count) {
        DoubleVector sum = DoubleVector.zero(WIDE);
        int lanes = LANES.length();
        long whole = count - count % lanes;
        for (long i = 0; i < whole; i += lanes) {
            FloatVector x = load(address, i);
            for (int part = 0; part < 2; part++) {
                DoubleVector wide = (DoubleVector) x.convertShape(VectorOperators.F2D, WIDE, part);
                sum = wide.mul(wide).add(sum);
            }
        }
        // reduceLanes may add in another order once it is compiled, which would change bits in the middle of a run
        double total = 0;
        for (double lane : sum.toArray()) {
            total += lane;
        }
        for (long i = whole; i < count; i++) {
            double x = MEMORY.get(ValueLayout.JAVA_FLOAT_UNALIGNED, address + i * Float.BYTES);
            total += x * x;
        }
        return total;
    }

    /** Updates {@code count} floats; returns whether every new value and second moment is finite. */
    static boolean update(long value, long gradient, long first, long second, long count, Factors f) {
        FloatVector doubtful = FloatVector.zero(LANES);
        int lanes = LANES.length();
        long whole = count - count % lanes;
        for (long i = 0; i < whole; i += lanes) {
            FloatVector g = load(gradient, i).mul(f.gradientScale);
            FloatVector m = load(first, i).mul(f.beta1).add(g.mul(1 - f.beta1));
            FloatVector v = load(second, i).mul(f.beta2).add(g.mul(g).mul(1 - f.beta2));
            FloatVector denominator = v.sqrt().mul(f.correction).add(f.epsilon);
            FloatVector x = load(value, i).mul(f.keep).sub(m.mul(f.size).div(denominator));
            m.intoMemorySegment(MEMORY, first + i * Float.BYTES, ORDER);
            v.intoMemorySegment(MEMORY, second + i * Float.BYTES, ORDER);
            x.intoMemorySegment(MEMORY, value + i * Float.BYTES, ORDER);
            doubtful = doubtful.add(x.mul(0)).add(v.mul(0));    // 0 while all are finite, NaN for ever after one is not
        }
        float tail = doubtful.reduceLanes(VectorOperators.ADD);
        for (long i = whole; i < count; i++) {
            tail += updateOne(value, gradient, first, second, i * Float.BYTES, f);
        }
        return tail == 0;
    }

    private static float updateOne(long value, long gradient, long first, long second, long offset, Factors f) {
        ValueLayout.OfFloat layout = ValueLayout.JAVA_FLOAT_UNALIGNED;
        float g = MEMORY.get(layout, gradient + offset) * f.gradientScale;
        float m = MEMORY.get(layout, first + offset) * f.beta1 + g * (1 - f.beta1);
        float v = MEMORY.get(layout, second + offset) * f.beta2 + g * g * (1 - f.beta2);
        float denominator = (float) Math.sqrt(v) * f.correction + f.epsilon;
        float x = MEMORY.get(layout, value + offset) * f.keep - m * f.size / denominator;
        MEMORY.set(layout, first + offset, m);
        MEMORY.set(layout, second + offset, v);
        MEMORY.set(layout, value + offset, x);
        return x * 0 + v * 0;
    }

    private static FloatVector load(long address, long index) {
        return FloatVector.fromMemorySegment(LANES, MEMORY, address + index * Float.BYTES, ORDER);
    }
}
