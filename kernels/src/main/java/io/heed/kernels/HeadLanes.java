package io.heed.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * How the heads of a node lie in the lanes of its row: H heads of d floats side by side. Heads narrower than a vector
 * share one, so a sum over a head is a sum over a part of the lanes, and a weight of a head must be spread over that
 * part.
 */
final class HeadLanes {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;
    private static final int LEVELS = Integer.numberOfTrailingZeros(LANES);
    private static final VectorShuffle<Float>[] SWAP = swaps();
    private static final VectorMask<Float>[] ODD = odds();

    final int heads;
    final int width;
    /** Floats in a row: H d. */
    final int row;
    /** Several heads a vector: d is a power of two of at most its length. */
    private final boolean shared;
    /** Whole vectors a head: d is a multiple of its length. */
    private final boolean whole;
    private final int levels;
    private final VectorShuffle<Float> order;
    private final VectorShuffle<Float>[] spreads;

    HeadLanes(int heads, int width) {
        this.heads = heads;
        this.width = width;
        this.row = Math.multiplyExact(heads, width);
        shared = width < LANES && Integer.bitCount(width) == 1;
        whole = width > 0 && width % LANES == 0;
        int part = shared ? width : LANES;
        int parts = LANES / part;
        levels = Integer.numberOfTrailingZeros(part);
        order = VectorShuffle.fromOp(FLOAT, j -> (j % parts) * part + j / parts);
        spreads = spreads(width, row);
    }

    /** Floats that {@code products} of {@link #sum} must hold for this many entries. */
    int productsLength(int entries) {
        return entries * row + (1 + LEVELS) * LANES;
    }

    /**
     * Floats that an array of one value an entry and head must hold: whole vectors may be read and written past its
     * end.
     */
    int perHeadLength(int entries) {
        return entries * heads + 2 * LANES;
    }

    /**
     * Sums each head of {@code entries} rows of products: {@code out[at + entry * H + head]}. Destroys
     * {@code products}; may write up to one vector past the last sum.
     */
    void sum(float[] products, int entries, float[] out, int at) {
        if (shared) {
            sumParts(products, (entries * row + LANES - 1) / LANES, out, at);
        } else if (whole) {
            for (int segment = 0; segment < entries * heads; segment++) {
                FloatVector sum = FloatVector.fromArray(FLOAT, products, segment * width);
                for (int c = LANES; c < width; c += LANES) {
                    sum = sum.add(FloatVector.fromArray(FLOAT, products, segment * width + c));
                }
                sum.intoArray(products, segment * LANES);
            }
            sumParts(products, entries * heads, out, at);
        } else {
            for (int segment = 0; segment < entries * heads; segment++) {
                float sum = 0;
                for (int c = segment * width; c < (segment + 1) * width; c++) {
                    sum += products[c];
                }
                out[at + segment] = sum;
            }
        }
    }

    /**
     * Sums over parts of the lanes, by halving: each level adds neighbours that differ in one bit of the lane number
     * and packs two vectors into one, so the sums of 2^levels vectors end up in one vector.
     */
    private void sumParts(float[] products, int vectors, float[] out, int at) {
        int count = vectors;
        for (int level = 0; level < levels; level++) {
            VectorShuffle<Float> swap = SWAP[level];
            VectorMask<Float> odd = ODD[level];
            count = (count + 1) / 2;
            for (int v = 0; v < count; v++) {
                FloatVector a = FloatVector.fromArray(FLOAT, products, 2 * v * LANES);
                FloatVector b = FloatVector.fromArray(FLOAT, products, (2 * v + 1) * LANES);
                a.blend(b, odd).add(b.blend(a, odd).rearrange(swap)).intoArray(products, v * LANES);
            }
        }
        VectorShuffle<Float> inOrder = order;
        for (int v = 0; v < count; v++) {
            FloatVector.fromArray(FLOAT, products, v * LANES).rearrange(inOrder).intoArray(out, at + v * LANES);
        }
    }

    /** The head in the first lane of the vector that starts at float {@code c} of a row. */
    int headAt(int c) {
        return c / width;
    }

    /**
     * Of the vector that starts at float {@code c} of a row, a multiple of its length, how many heads after the first
     * lane's each lane's is: heads' weights, loaded from {@link #headAt} on and rearranged by this, are those of the
     * lanes. One way for all widths, so that loops over edges hold no branch whose sides give a vector.
     */
    VectorShuffle<Float> spread(int c) {
        return spreads[c / LANES];
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static VectorShuffle<Float>[] spreads(int width, int row) {
        VectorShuffle[] spreads = new VectorShuffle[(row + LANES - 1) / LANES];
        for (int v = 0; v < spreads.length; v++) {
            int first = v * LANES;
            spreads[v] = VectorShuffle.fromOp(FLOAT, lane -> Math.min(first + lane, row - 1) / width - first / width);
        }
        return spreads;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static VectorShuffle<Float>[] swaps() {
        VectorShuffle[] swaps = new VectorShuffle[LEVELS];
        for (int level = 0; level < LEVELS; level++) {
            int bit = 1 << level;
            swaps[level] = VectorShuffle.fromOp(FLOAT, lane -> lane ^ bit);
        }
        return swaps;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static VectorMask<Float>[] odds() {
        VectorMask[] odds = new VectorMask[LEVELS];
        for (int level = 0; level < LEVELS; level++) {
            boolean[] set = new boolean[LANES];
            for (int lane = 0; lane < LANES; lane++) {
                set[lane] = (lane >> level & 1) == 1;
            }
            odds[level] = VectorMask.fromArray(FLOAT, set, 0);
        }
        return odds;
    }
}
