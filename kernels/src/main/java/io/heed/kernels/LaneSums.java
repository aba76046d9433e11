package io.heed.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Sums across the lanes of several vectors at once, which share most of their additions. */
final class LaneSums {
    private static final VectorSpecies<Float> SPECIES = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;

    private static final VectorMask<Float> ODD = lanesWith(1);
    private static final VectorMask<Float> UPPER_PAIR = lanesWith(2);
    private static final VectorShuffle<Float> SWAP_ONE = swap(1);
    private static final VectorShuffle<Float> SWAP_TWO = swap(2);
    private static final VectorShuffle<Float> SWAP_FOUR = swap(4);
    private static final VectorShuffle<Float> SWAP_EIGHT = swap(8);

    private LaneSums() { }

    private static VectorMask<Float> lanesWith(int bit) {
        boolean[] lanes = new boolean[LANES];
        for (int i = 0; i < LANES; i++) {
            lanes[i] = (i & bit) != 0;
        }
        return VectorMask.fromArray(SPECIES, lanes, 0);
    }

    private static VectorShuffle<Float> swap(int distance) {
        return VectorShuffle.fromOp(SPECIES, i -> (i ^ distance) % LANES);
    }

    /** The sums of four vectors in the first four lanes, by halves, in a fixed order: the four share most additions. */
    static FloatVector ofFour(FloatVector s0, FloatVector s1, FloatVector s2, FloatVector s3) {
        FloatVector low = s0.blend(s1, ODD).add(s1.blend(s0, ODD).rearrange(SWAP_ONE));
        FloatVector high = s2.blend(s3, ODD).add(s3.blend(s2, ODD).rearrange(SWAP_ONE));
        FloatVector sums = low.blend(high, UPPER_PAIR).add(high.blend(low, UPPER_PAIR).rearrange(SWAP_TWO));
        if (LANES >= 8) {
            sums = sums.add(sums.rearrange(SWAP_FOUR));
        }
        if (LANES >= 16) {
            sums = sums.add(sums.rearrange(SWAP_EIGHT));
        }
        return sums;
    }

    /**
     * sums[i] = the sum of vector i, for {@code count} vectors that lie one after the other; up to three more than
     * {@code count} are read, and up to a vector of sums after them is overwritten.
     */
    static void ofRows(float[] vectors, int count, float[] sums) {
        for (int i = 0; i < count; i += 4) {
            int at = i * LANES;
            ofFour(FloatVector.fromArray(SPECIES, vectors, at), FloatVector.fromArray(SPECIES, vectors, at + LANES),
                    FloatVector.fromArray(SPECIES, vectors, at + 2 * LANES),
                    FloatVector.fromArray(SPECIES, vectors, at + 3 * LANES)).intoArray(sums, i);
        }
    }
}
