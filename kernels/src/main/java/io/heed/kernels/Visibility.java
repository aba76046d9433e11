package io.heed.kernels;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The mask and the key padding of one call, resolved to what tiles ask: each query sees an interval of keys, cut by
 * the listed blocks of a sparse mask and by single hidden keys.
 */
final class Visibility {
    private static final long UNBOUNDED = Long.MAX_VALUE / 4;

    private final int queries;
    private final int keys;
    // The key position of each query, (B, Nq), where queries were picked; else null.
    private final int[] positions;
    private final long lowShift;
    private final long highShift;
    private final int[] firstKey;
    private final int[] endKey;
    // Existing keys before each key, (B, Nk + 1), and 1 or 0 for each key, (B, keyRow); null where padding is no
    // pattern.
    private final int[] existingBefore;
    private final float[] exists;
    private final int keyRow;
    private final Mask.BlockSparse sparse;
    private final int[] sparseOffsets;
    private final int[] sparseBlocks;

    Visibility(AttentionShape shape, AttentionSpec spec) {
        queries = shape.queries();
        keys = shape.keys();
        long low = -UNBOUNDED;
        long high = UNBOUNDED;
        Mask.BlockSparse blocks = null;
        int[] placedAt = null;
        switch (spec.mask()) {
            case Mask.Full full -> { }
            case Mask.Causal causal -> high = causal.offset() + 1L;
            case Mask.SlidingWindow window -> {
                low = (long) window.offset() - window.left();
                high = (long) window.offset() + window.right() + 1;
            }
            case Mask.Placed placed -> placedAt = placed.positions();
            case Mask.BlockSparse given -> {
                blocks = given;
                high = given.causal() ? given.offset() + 1L : UNBOUNDED;
            }
        }
        positions = placedAt;
        lowShift = low;
        highShift = high;
        sparse = blocks;
        sparseOffsets = blocks == null ? null : blocks.offsets();
        sparseBlocks = blocks == null ? null : blocks.blocks();

        firstKey = new int[shape.batch()];
        endKey = new int[shape.batch()];
        Arrays.fill(endKey, keys);
        // A tile may reach a whole vector past the last key.
        keyRow = Panels.padded(keys) + Lanes.COUNT;
        switch (spec.padding()) {
            case KeyPadding.None none -> {
                exists = null;
                existingBefore = null;
            }
            case KeyPadding.Lengths lengths -> {
                System.arraycopy(lengths.lengths(), 0, endKey, 0, endKey.length);
                exists = null;
                existingBefore = null;
            }
            case KeyPadding.Flags flags -> {
                exists = new float[shape.batch() * keyRow];
                existingBefore = new int[shape.batch() * (keys + 1)];
                readFlags(shape.batch(), flags);
            }
        }
    }

    private void readFlags(int batch, KeyPadding.Flags flags) {
        for (int b = 0; b < batch; b++) {
            int count = 0;
            int first = keys;
            int end = 0;
            for (int j = 0; j < keys; j++) {
                existingBefore[b * (keys + 1) + j] = count;
                if (flags.exists().get(ValueLayout.JAVA_BYTE, (long) b * keys + j) != 0) {
                    exists[b * keyRow + j] = 1f;
                    first = Math.min(first, j);
                    end = j + 1;
                    count++;
                }
            }
            existingBefore[b * (keys + 1) + keys] = count;
            firstKey[b] = first;
            endKey[b] = end;
        }
    }

    /** The first key that query i of sequence b may see; never falls as i rises. */
    int low(int b, int i) {
        return (int) Math.max(firstKey[b], Math.min(keys, i + lowShift));
    }

    /** One past the last key that query i of sequence b may see; never falls as i rises. */
    int high(int b, int i) {
        long end = positions == null ? i + highShift : positions[b * queries + i] + 1L;
        return (int) Math.min(endKey[b], Math.max(0, end));
    }

    /** Whether some key of [from, to) of sequence b does not exist. */
    boolean hasHoles(int b, int from, int to) {
        return exists != null && existing(b, from, to) < to - from;
    }

    /** Whether some key of [from, to) of sequence b exists. */
    boolean hasKeys(int b, int from, int to) {
        return from < to && (exists == null || existing(b, from, to) > 0);
    }

    private int existing(int b, int from, int to) {
        return existingBefore[b * (keys + 1) + to] - existingBefore[b * (keys + 1) + from];
    }

    /**
     * 1 where a key exists and 0 where not; sequence b starts at {@link #existsOffset}. Only where {@link #hasHoles}.
     */
    float[] exists() {
        return exists;
    }

    int existsOffset(int b) {
        return b * keyRow;
    }

    /**
     * Query tiles of at most {@code rows} queries: the start of each, then Nq. No tile crosses a block of a sparse
     * mask.
     */
    int[] queryTiles(int rows) {
        int block = sparse == null ? queries : sparse.queryBlock();
        int[] starts = new int[queries + 1];
        int count = 0;
        for (int from = 0; from < queries; from += block) {
            int end = Math.min(queries, from + block);
            for (int i = from; i < end; i += rows) {
                starts[count++] = i;
            }
        }
        starts[count] = queries;
        return Arrays.copyOf(starts, count + 1);
    }

    /** Whether the mask lists blocks, so that {@link #pieces} may return any number of them. */
    boolean isSparse() {
        return sparse != null;
    }

    /**
     * The parts of the keys [from, to) that the mask's blocks show to the query tile that starts at {@code query}, as
     * pairs of a start and an end in {@code pieces}, which must hold to - from + 2 numbers.
     *
     * @return how many pairs
     */
    int pieces(int head, int query, int from, int to, int[] pieces) {
        if (from >= to) {
            return 0;
        }
        if (sparse == null) {
            pieces[0] = from;
            pieces[1] = to;
            return 1;
        }
        int perHead = sparse.queryBlocks();
        int row = (sparseOffsets.length - 1 == perHead ? 0 : head * perHead) + query / sparse.queryBlock();
        int end = sparseOffsets[row + 1];
        int at = Arrays.binarySearch(sparseBlocks, sparseOffsets[row], end, from / sparse.keyBlock());
        at = at < 0 ? -at - 1 : at;
        int count = 0;
        for (; at < end; at++) {
            long start = (long) sparseBlocks[at] * sparse.keyBlock();
            if (start >= to) {
                break;
            }
            int stop = (int) Math.min(to, start + sparse.keyBlock());
            if (count > 0 && pieces[2 * count - 1] == start) {
                pieces[2 * count - 1] = stop;
            } else {
                pieces[2 * count] = (int) Math.max(from, start);
                pieces[2 * count + 1] = stop;
                count++;
            }
        }
        return count;
    }
}
