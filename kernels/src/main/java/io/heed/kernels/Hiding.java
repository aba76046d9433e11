package io.heed.kernels;

import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Writes a value over the hidden keys of a row of logits or weights: the part of masking that only boundary tiles pay.
 */
final class Hiding {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;

    private Hiding() { }

    /** Overwrites all of {@code length} floats outside of [from, to), which may lie outside of them. */
    static void outside(float[] x, int at, int length, int from, int to, float value) {
        int start = Math.clamp(from, 0, length);
        int end = Math.clamp(to, start, length);
        Arrays.fill(x, at, at + start, value);
        Arrays.fill(x, at + end, at + length, value);
    }

    /** Overwrites where {@code exists} is 0; {@code length} is whole vectors. */
    static void absent(float[] x, int at, int length, float[] exists, int existsAt, float value) {
        for (int j = 0; j < length; j += Lanes.COUNT) {
            FloatVector flags = FloatVector.fromArray(FLOAT, exists, existsAt + j);
            FloatVector.fromArray(FLOAT, x, at + j).blend(value, flags.compare(VectorOperators.EQ, 0f))
                    .intoArray(x, at + j);
        }
    }
}
