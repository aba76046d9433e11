package io.heed.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The exponential of a vector of floats: split x into a whole power of two and a remainder of at most half a power, a
 * polynomial for the remainder, and the power written into the exponent bits (Cody and Waite's reduction).
 */
final class Exponential {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;

    static final float LOG2_E = 1.44269504f;
    static final float LN_2 = 0.69314718f;

    // LN_2 in two parts; the first has few enough bits for its product with a whole number to be exact.
    private static final float LN_2_HIGH = 0.693359375f;
    private static final float LN_2_LOW = -2.12194440e-4f;

    // Adding 1.5 * 2^23 rounds a small float to a whole number, which is then read off the low bits of the sum.
    private static final float ROUND = 12582912f;
    // The same, with the exponent's bias of 127 already added to those low bits.
    private static final float ROUND_BIASED = ROUND + 127f;
    private static final int MANTISSA_BITS = 23;

    // exp leaves [0, infinity) as floats show it just outside of these.
    private static final float LOWEST = -104f;
    private static final float HIGHEST = 89f;
    private static final float LOWEST_POWER = -127f;

    private Exponential() { }

    /**
     * e^x within 2 ulp for any x: -infinity gives 0, what is too large gives infinity, NaN stays NaN.
     */
    static FloatVector exp(FloatVector x) {
        FloatVector bounded = x.blend(LOWEST, x.compare(VectorOperators.LT, LOWEST));
        bounded = bounded.blend(HIGHEST, x.compare(VectorOperators.GT, HIGHEST));
        FloatVector shifted = bounded.fma(FloatVector.broadcast(FLOAT, LOG2_E), FloatVector.broadcast(FLOAT, ROUND));
        FloatVector whole = shifted.sub(ROUND);
        FloatVector r = whole.fma(FloatVector.broadcast(FLOAT, -LN_2_HIGH), bounded);
        r = whole.fma(FloatVector.broadcast(FLOAT, -LN_2_LOW), r);
        // Taylor coefficients to degree 7: the remainder is below 2e-9 for |r| <= ln(2) / 2.
        FloatVector p = r.fma(FloatVector.broadcast(FLOAT, 1f / 5040), FloatVector.broadcast(FLOAT, 1f / 720));
        p = p.fma(r, FloatVector.broadcast(FLOAT, 1f / 120));
        p = p.fma(r, FloatVector.broadcast(FLOAT, 1f / 24));
        p = p.fma(r, FloatVector.broadcast(FLOAT, 1f / 6));
        p = p.fma(r, FloatVector.broadcast(FLOAT, 0.5f));
        p = p.mul(r).fma(r, r).add(1f);
        // Two factors, so that neither leaves the exponent's range where the product does not.
        IntVector power = shifted.reinterpretAsInts().sub(Float.floatToRawIntBits(ROUND));
        IntVector half = power.lanewise(VectorOperators.ASHR, 1);
        return p.mul(powerOfTwo(half)).mul(powerOfTwo(power.sub(half)));
    }

    /**
     * 2^x for x of at most 127, relative error below 2e-7: the inner step of attention, where x is a logit less a
     * maximum. What falls below the smallest normal float is 0, so -infinity gives exactly 0; NaN stays NaN.
     */
    static FloatVector exp2(FloatVector x) {
        FloatVector bounded = x.blend(LOWEST_POWER, x.compare(VectorOperators.LT, LOWEST_POWER));
        FloatVector shifted = bounded.add(ROUND_BIASED);
        FloatVector r = bounded.sub(shifted.sub(ROUND_BIASED));
        // Near-minimax polynomial of 2^r on [-1/2, 1/2].
        FloatVector p = r.fma(FloatVector.broadcast(FLOAT, 1.32647e-3f), FloatVector.broadcast(FLOAT, 9.67151e-3f));
        p = p.fma(r, FloatVector.broadcast(FLOAT, 5.550734e-2f));
        p = p.fma(r, FloatVector.broadcast(FLOAT, 2.4022242e-1f));
        p = p.fma(r, FloatVector.broadcast(FLOAT, 6.9314698e-1f));
        p = p.fma(r, FloatVector.broadcast(FLOAT, 1f));
        IntVector scale = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, MANTISSA_BITS);
        return p.mul(scale.reinterpretAsFloats());
    }

    private static FloatVector powerOfTwo(IntVector power) {
        return power.add(127).lanewise(VectorOperators.LSHL, MANTISSA_BITS).reinterpretAsFloats();
    }
}
