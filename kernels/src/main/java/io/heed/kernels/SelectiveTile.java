package io.heed.kernels;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Copies between strided views and the dense tiles, (tokens, lanes) or (tokens, states), that the selective scan works
 * on.
 */
final class SelectiveTile {
    private static final VectorSpecies<Float> SPECIES = Lanes.FLOAT;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int LANES = Lanes.COUNT;

    private SelectiveTile() { }

    /** One float of a view. */
    static float get(Rows view, long at) {
        return view.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, at * Float.BYTES);
    }

    /** Writes one float of a view. */
    static void set(Rows view, long at, float value) {
        view.data().set(ValueLayout.JAVA_FLOAT_UNALIGNED, at * Float.BYTES, value);
    }

    /**
     * Channels of {@code block}, tokens {@code from} on, into {@code tile} (count, lanes); lanes past the last channel
     * are 0.
     */
    static void loadChannels(Rows view, int batch, int from, int count, int block, float[] tile) {
        VectorMask<Float> mask = SPECIES.indexInRange(block * LANES, view.width());
        boolean whole = (block + 1) * LANES <= view.width();
        for (int t = 0; t < count; t++) {
            long at = (view.offset(batch, 0, from + t) + (long) block * LANES) * Float.BYTES;
            FloatVector row = whole ? FloatVector.fromMemorySegment(SPECIES, view.data(), at, ORDER)
                    : FloatVector.fromMemorySegment(SPECIES, view.data(), at, ORDER, mask);
            row.intoArray(tile, t * LANES);
        }
    }

    /** The way back. */
    static void storeChannels(float[] tile, Rows view, int batch, int from, int count, int block) {
        VectorMask<Float> mask = SPECIES.indexInRange(block * LANES, view.width());
        boolean whole = (block + 1) * LANES <= view.width();
        for (int t = 0; t < count; t++) {
            long at = (view.offset(batch, 0, from + t) + (long) block * LANES) * Float.BYTES;
            FloatVector row = FloatVector.fromArray(SPECIES, tile, t * LANES);
            if (whole) {
                row.intoMemorySegment(view.data(), at, ORDER);
            } else {
                row.intoMemorySegment(view.data(), at, ORDER, mask);
            }
        }
    }

    /** Tokens {@code from} on into {@code tile} (count, padded); states past the last are 0. */
    static void loadStates(Rows view, int batch, int from, int count, int padded, float[] tile) {
        Arrays.fill(tile, 0, count * padded, 0);
        for (int t = 0; t < count; t++) {
            long at = view.offset(batch, 0, from + t);
            for (int s = 0; s < view.width(); s++) {
                tile[t * padded + s] = get(view, at + s);
            }
        }
    }

    /**
     * (D, n) of one block into {@code tile} (padded n, lanes) at {@code tileAt}; a width of 1 is repeated over n
     * states.
     */
    static void loadMatrix(Rows view, int batch, int block, int states, int padded, float[] tile, int tileAt) {
        Arrays.fill(tile, tileAt, tileAt + padded * LANES, 0);
        int lanes = Math.min(LANES, view.rows() - block * LANES);
        boolean shared = view.width() == 1;
        for (int lane = 0; lane < lanes; lane++) {
            long at = view.offset(batch, 0, block * LANES + lane);
            for (int s = 0; s < states; s++) {
                tile[tileAt + s * LANES + lane] = get(view, shared ? at : at + s);
            }
        }
    }

    /** The way back. */
    static void storeMatrix(float[] tile, int tileAt, Rows view, int batch, int block) {
        int lanes = Math.min(LANES, view.rows() - block * LANES);
        for (int lane = 0; lane < lanes; lane++) {
            long at = view.offset(batch, 0, block * LANES + lane);
            for (int s = 0; s < view.width(); s++) {
                set(view, at + s, tile[tileAt + s * LANES + lane]);
            }
        }
    }
}
