package io.heed.kernels;

/**
 * Which keys a query sees by position. Query i of Nq stands at key position i + offset: an offset of 0 aligns the
 * starts, an offset of Nk - Nq aligns the ends, as when the queries are the last of a longer context.
 */
public sealed interface Mask {
    /** Every query sees every key. */
    record Full() implements Mask { }

    /** Query i sees the keys j &lt;= i + offset. */
    record Causal(int offset) implements Mask { }

    /** Query i sees the keys i + offset - left &lt;= j &lt;= i + offset + right; neither width is negative. */
    record SlidingWindow(int left, int right, int offset) implements Mask {
        /** @throws IllegalArgumentException when a width is negative */
        public SlidingWindow {
            if (left < 0 || right < 0) {
                throw new IllegalArgumentException("window: widths must not be negative, got left " + left + ", right "
                        + right);
            }
        }
    }

    /**
     * Query i of sequence b stands at key position {@code positions[b * Nq + i]} and sees the keys up to it: queries
     * that were picked from longer sequences. Positions never fall along a sequence; one of -1 sees nothing, so that
     * sequences with fewer picked queries are filled up in front.
     */
    record Placed(int[] positions) implements Mask {
        public Placed {
            positions = positions.clone();
        }

        /** A copy of the positions. */
        @Override
        public int[] positions() {
            return positions.clone();
        }
    }

    /**
     * Query block a, the queries [a * queryBlock, (a + 1) * queryBlock), sees the key blocks that its list names, and
     * within them, when {@code causal}, only the keys j &lt;= i + offset. The lists are rows of a compressed sparse
     * matrix: row r = head * queryBlocks + a lists {@code blocks[offsets[r]]} to {@code blocks[offsets[r + 1] - 1]},
     * ascending.
     *
     * @param queryBlock  queries in a block
     * @param keyBlock    keys in a block
     * @param queryBlocks ceil(Nq / queryBlock)
     * @param offsets     starts of the rows and the end of the last: heads * queryBlocks + 1, or queryBlocks + 1 when
     *                    all heads share one pattern
     * @param blocks      visible key blocks, row after row
     */
    record BlockSparse(int queryBlock, int keyBlock, int queryBlocks, int[] offsets, int[] blocks, boolean causal,
            int offset)
            implements Mask {
        /** @throws IllegalArgumentException when sizes are not positive or the lists are not well formed */
        public BlockSparse {
            if (queryBlock < 1 || keyBlock < 1) {
                throw new IllegalArgumentException("block-sparse: blocks must hold at least 1, got " + queryBlock
                        + " queries, " + keyBlock + " keys");
            }
            offsets = offsets.clone();
            blocks = blocks.clone();
            if (queryBlocks < 0 || offsets.length < 1 || queryBlocks > 0 && (offsets.length - 1) % queryBlocks != 0) {
                throw new IllegalArgumentException("block-sparse: " + offsets.length + " offsets do not fit "
                        + queryBlocks + " query blocks; one more than a multiple is needed");
            }
            if (offsets[0] != 0 || offsets[offsets.length - 1] != blocks.length) {
                throw new IllegalArgumentException("block-sparse: offsets must run from 0 to " + blocks.length
                        + ", got "
                        + offsets[0] + " to " + offsets[offsets.length - 1]);
            }
            for (int row = 0; row + 1 < offsets.length; row++) {
                if (offsets[row] > offsets[row + 1]) {
                    throw new IllegalArgumentException("block-sparse: offsets must not fall, row " + row + " has "
                            + offsets[row] + " to " + offsets[row + 1]);
                }
                for (int at = offsets[row]; at < offsets[row + 1]; at++) {
                    if (blocks[at] < 0 || at > offsets[row] && blocks[at] <= blocks[at - 1]) {
                        throw new IllegalArgumentException("block-sparse: key blocks of row " + row
                                + " must ascend from 0, got " + blocks[at] + (at > offsets[row] ? " after "
                                + blocks[at - 1] : ""));
                    }
                }
            }
        }

        /** A copy of the starts of the rows. */
        @Override
        public int[] offsets() {
            return offsets.clone();
        }

        /** A copy of the visible key blocks. */
        @Override
        public int[] blocks() {
            return blocks.clone();
        }
    }

    /** Every query sees every key. */
    static Mask full() {
        return new Full();
    }

    /** Query i sees the keys up to i. */
    static Mask causal() {
        return new Causal(0);
    }

    /** Causal with the ends aligned: the last of {@code queries} sees all {@code keys}. */
    static Mask causal(int queries, int keys) {
        return new Causal(keys - queries);
    }

    /** Query i sees {@code left} keys before its own position, its own, and {@code right} after it. */
    static Mask slidingWindow(int left, int right) {
        return new SlidingWindow(left, right, 0);
    }

    /** A sliding window with the ends aligned: the last query stands at the last key. */
    static Mask slidingWindow(int left, int right, int queries, int keys) {
        return new SlidingWindow(left, right, keys - queries);
    }
}
