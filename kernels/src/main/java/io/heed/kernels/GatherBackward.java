package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The backward pass of {@link GatherAttention}. A task owns some blocks of queries of one key/value head: it finishes
 * their dQ, and adds to dK and dV in buffers of its own, which are then added up in the order of the tasks. How blocks
 * are shared out depends on shapes alone.
 */
final class GatherBackward {
    private static final Scratch ROWS = new Scratch();
    private static final Scratch TURNED = new Scratch();
    private static final Scratch KEYS = new Scratch();
    private static final Scratch VALUES = new Scratch();
    private static final Scratch WEIGHTS = new Scratch();
    private static final Scratch LOGIT_GRADIENTS = new Scratch();
    private static final Scratch TILE_GRADIENTS = new Scratch();
    private static final Scratch SHARES = new Scratch();
    private static final int TILE_QUERIES = GatherTiles.TILE_QUERIES;
    private static final int TILE_KEYS = GatherTiles.TILE_KEYS;
    /** Tasks that keep many cores busy; with fewer key/value heads, their blocks are shared out. */
    private static final int ENOUGH_TASKS = 8;
    /** Floats of shares of dK and dV held at once. */
    private static final long SHARE_LIMIT = 1L << 25;
    /** A log-sum-exp that makes every weight 0, for queries that saw no key. */
    private static final float UNSEEN = 1e30f;

    private final AttentionShape shape;
    private final Rows q;
    private final Rows k;
    private final Rows v;
    private final Rows out;
    private final MemorySegment lse;
    private final Rows dOut;
    private final AttentionGradients gradients;
    private final KeyLists lists;
    private final float scale;
    private final int patterns;
    private final int blocks;
    private final int keyRow;
    private final int valueRow;
    private final int sharedRow; // dK and dV of a key lie side by side
    private final int shares;
    private final int shareFloats;
    private final GatherSingles singles;

    GatherBackward(AttentionShape shape, Rows q, Rows k, Rows v, Rows out, MemorySegment lse, Rows dOut,
            AttentionGradients gradients, KeyLists lists, float scale) {
        this.shape = shape;
        this.q = q;
        this.k = k;
        this.v = v;
        this.out = out;
        this.lse = lse;
        this.dOut = dOut;
        this.gradients = gradients;
        this.lists = lists;
        this.scale = scale;
        patterns = lists.patterns(shape.queries());
        blocks = lists.blocks(shape.queries());
        keyRow = Panels.padded(shape.width());
        valueRow = Panels.padded(shape.valueWidth());
        sharedRow = keyRow + valueRow;
        shareFloats = Math.multiplyExact(shape.keys(), sharedRow);
        int wanted = AttentionShape.ceilDiv(ENOUGH_TASKS, shape.batch() * shape.kvHeads());
        int affordable = (int) Math.clamp(SHARE_LIMIT / Math.max(1, shareFloats), 1, ENOUGH_TASKS);
        singles = new GatherSingles(k, v, lists);
        shares = Math.clamp(Math.min(wanted, affordable), 1, Math.max(1, blocks * shape.group()));
    }

    void run() {
        int heads = shape.batch() * shape.kvHeads();
        int atOnce = (int) Math.clamp(SHARE_LIMIT / Math.max(1L, (long) shares * shareFloats), 1, heads);
        float[] sums = SHARES.atLeast((long) atOnce * shares * shareFloats, "dk and dv");
        byte[] touched = new byte[atOnce * shares * shape.keys()]; // rows of the sums that hold something
        for (int first = 0; first < heads; first += atOnce) {
            int base = first;
            int count = Math.min(atOnce, heads - first);
            Arrays.fill(touched, (byte) 0);
            Workers.run(count * shares, task -> share(base + task / shares, task % shares, sums, task * shareFloats,
                    touched, task * shape.keys()));
            Workers.run(count, slot -> write(base + slot, sums, slot * shares * shareFloats, touched,
                    slot * shares * shape.keys()));
        }
    }

    /** The blocks of one share of one key/value head, of all query heads that use it. */
    private void share(int kvHead, int share, float[] sums, int sumsAt, byte[] touched, int touchedAt) {
        int items = blocks * shape.group();
        int end = (int) ((share + 1L) * items / shares);
        for (int item = (int) ((long) share * items / shares); item < end; item++) {
            int head = kvHead % shape.kvHeads() * shape.group() + item / blocks;
            int block = item % blocks;
            if (lists.queryBlock() == 1) {
                single(kvHead / shape.kvHeads(), head, block, sums, sumsAt, touched, touchedAt);
                continue;
            }
            int stop = Math.min(shape.queries(), (block + 1) * lists.queryBlock());
            for (int first = block * lists.queryBlock(); first < stop; first += TILE_QUERIES) {
                block(kvHead / shape.kvHeads(), head, block, first, Math.min(TILE_QUERIES, stop - first), sums, sumsAt,
                        touched, touchedAt);
            }
        }
    }

    /** One query with a list of its own. */
    private void single(int b, int head, int query, float[] sums, int sumsAt, byte[] touched, int touchedAt) {
        float[] all = ROWS.atLeast(GatherTiles.QUERY_ROWS * (2 * keyRow + 2 * valueRow));
        int gradientAt = keyRow; // dOut, after q; then dQ, then out
        int toAt = gradientAt + valueRow;
        int outputAt = toAt + keyRow;
        Panels.read(q.data(), q.offset(b, head, query), q.rowStride(), 1, shape.width(), all, 0, keyRow);
        Panels.scale(all, 0, keyRow, scale * Exponential.LOG2_E);
        Panels.read(dOut.data(), dOut.offset(b, head, query), dOut.rowStride(), 1, shape.valueWidth(), all,
                gradientAt, valueRow);
        Panels.read(out.data(), out.offset(b, head, query), out.rowStride(), 1, shape.valueWidth(), all, outputAt,
                valueRow);
        float natural = lse.get(ValueLayout.JAVA_FLOAT_UNALIGNED,
                (((long) b * shape.heads() + head) * shape.queries() + query) * Float.BYTES);
        int at = lists.pattern(patterns, b, shape.heads(), head) * shape.queries() + query;
        int from = lists.offsets()[at];
        open(from, lists.offsets()[at + 1] - from, sums, sumsAt, touched, touchedAt);
        singles.differentiate(b, head / shape.group(), at, at, all, 0, gradientAt, toAt,
                natural == Float.NEGATIVE_INFINITY ? UNSEEN : natural * Exponential.LOG2_E,
                RowReduction.dot(all, gradientAt, all, outputAt, valueRow), sums, sumsAt);
        if (gradients.query() != null) {
            Panels.scale(all, toAt, keyRow, scale);
            Rows to = gradients.query();
            Panels.write(all, toAt, keyRow, 1, shape.width(), to.data(), to.offset(b, head, query), to.rowStride());
        }
    }

    /** Makes the rows that a part of the lists names ready to be added to. */
    private void open(int at, int count, float[] sums, int sumsAt, byte[] touched, int touchedAt) {
        for (int t = at; t < at + count; t++) {
            int key = lists.keys()[t];
            if (touched[touchedAt + key] == 0) {
                touched[touchedAt + key] = 1;
                Arrays.fill(sums, sumsAt + key * sharedRow, sumsAt + (key + 1) * sharedRow, 0f);
            }
        }
    }

    private void block(int b, int head, int block, int first, int rows, float[] sums, int sumsAt, byte[] touched,
            int touchedAt) {
        int pattern = lists.pattern(patterns, b, shape.heads(), head);
        int list = pattern * blocks + block;
        int listAt = lists.offsets()[list];
        int length = lists.offsets()[list + 1] - listAt;
        int width = shape.width();
        int valueWidth = shape.valueWidth();
        int columns = Panels.padded(rows);
        int kvHead = head / shape.group();
        float[] all = ROWS.atLeast(GatherTiles.QUERY_ROWS * (2 * keyRow + 2 * valueRow));
        int gradientsAt = GatherTiles.QUERY_ROWS * keyRow; // dOut, after q; then dQ, then out
        int queryGradientsAt = gradientsAt + GatherTiles.QUERY_ROWS * valueRow;
        int outputsAt = queryGradientsAt + GatherTiles.QUERY_ROWS * keyRow;
        Panels.read(q.data(), q.offset(b, head, first), q.rowStride(), rows, width, all, 0, keyRow);
        Panels.scale(all, 0, rows * keyRow, scale * Exponential.LOG2_E);
        Panels.read(dOut.data(), dOut.offset(b, head, first), dOut.rowStride(), rows, valueWidth, all, gradientsAt,
                valueRow);
        Panels.read(out.data(), out.offset(b, head, first), out.rowStride(), rows, valueWidth, all, outputsAt,
                valueRow);
        int blockedRows = GatherTiles.blocked(rows);
        Arrays.fill(all, queryGradientsAt, queryGradientsAt + blockedRows * keyRow, 0f);
        float[] turned = TURNED.atLeast(TILE_QUERIES * (width + valueWidth));
        Panels.transpose(all, 0, keyRow, rows, width, turned, 0, columns);
        Panels.transpose(all, gradientsAt, valueRow, rows, valueWidth, turned, width * columns, columns);
        float[] reference = new float[columns];
        float[] delta = new float[columns];
        statistics(b, head, first, rows, all, gradientsAt, outputsAt, reference, delta);

        float[] keys = KEYS.atLeast(TILE_KEYS * keyRow);
        float[] values = VALUES.atLeast(TILE_KEYS * valueRow);
        float[] weights = WEIGHTS.atLeast(GatherTiles.TILE_FLOATS);
        float[] logitGradients = LOGIT_GRADIENTS.atLeast(GatherTiles.TILE_FLOATS);
        float[] tile = TILE_GRADIENTS.atLeast(TILE_KEYS * Math.max(keyRow, valueRow));
        int[] limits = new int[columns];
        for (int start = 0; start < length; start += TILE_KEYS) {
            int most = GatherTiles.limits(lists, pattern * shape.queries() + first, rows, columns, length, start,
                    limits);
            int count = Math.min(Math.min(TILE_KEYS, length - start), most);
            if (count <= 0) {
                break;
            }
            int at = listAt + start;
            int blocked = GatherTiles.blocked(count);
            GatherTiles.gather(k, b, kvHead, lists.keys(), at, count, keys, keyRow);
            GatherTiles.gather(v, b, kvHead, lists.keys(), at, count, values, valueRow);
            Matrix.multiply(blocked, columns, width, keys, 0, keyRow, 1, turned, 0, columns, weights, 0, columns);
            Matrix.multiply(blocked, columns, valueWidth, values, 0, valueRow, 1, turned, width * columns, columns,
                    logitGradients, 0, columns);
            GatherTiles.differentiate(weights, logitGradients, count, columns, reference, delta);
            GatherTiles.hide(weights, count, columns, limits, 0f);
            GatherTiles.hide(logitGradients, count, columns, limits, 0f);
            open(at, count, sums, sumsAt, touched, touchedAt);
            if (gradients.value() != null) {
                Matrix.multiply(blocked, valueRow, rows, weights, 0, columns, 1, all, gradientsAt, valueRow, tile, 0,
                        valueRow);
                GatherTiles.scatterAdd(tile, valueRow, lists.keys(), at, count, sums, sumsAt + keyRow, sharedRow);
            }
            if (gradients.key() != null) {
                Matrix.multiply(blocked, keyRow, rows, logitGradients, 0, columns, 1, all, 0, keyRow, tile, 0, keyRow);
                GatherTiles.scatterAdd(tile, keyRow, lists.keys(), at, count, sums, sumsAt, sharedRow);
            }
            if (gradients.query() != null) {
                Matrix.multiplyAdd(blockedRows, keyRow, count, logitGradients, 0, 1, columns, keys, 0, keyRow, all,
                        queryGradientsAt,
                        keyRow);
            }
        }
        if (gradients.query() != null) {
            Panels.scale(all, queryGradientsAt, rows * keyRow, scale);
            Rows to = gradients.query();
            Panels.write(all, queryGradientsAt, keyRow, rows, width, to.data(), to.offset(b, head, first),
                    to.rowStride());
        }
    }

    /** Log-sum-exp in powers of two, and the sum of dOut * out, of each query. */
    private void statistics(int b, int head, int first, int rows, float[] all, int gradientsAt, int outputsAt,
            float[] reference, float[] delta) {
        long at = ((long) b * shape.heads() + head) * shape.queries() + first;
        for (int r = 0; r < rows; r++) {
            float natural = lse.get(ValueLayout.JAVA_FLOAT_UNALIGNED, (at + r) * Float.BYTES);
            reference[r] = natural == Float.NEGATIVE_INFINITY ? UNSEEN : natural * Exponential.LOG2_E;
            delta[r] = RowReduction.dot(all, gradientsAt + r * valueRow, all, outputsAt + r * valueRow, valueRow);
        }
    }

    /** Adds up the shares of one key/value head in their order and writes the results. */
    private void write(int head, float[] sums, int sumsAt, byte[] touched, int touchedAt) {
        for (int key = 0; key < shape.keys(); key++) {
            int row = sumsAt + key * sharedRow;
            if (touched[touchedAt + key] == 0) {
                Arrays.fill(sums, row, row + sharedRow, 0f);
            }
            for (int share = 1; share < shares; share++) {
                if (touched[touchedAt + share * shape.keys() + key] != 0) {
                    Panels.add(sums, row, sums, row + share * shareFloats, sharedRow);
                }
            }
        }
        int b = head / shape.kvHeads();
        int kvHead = head % shape.kvHeads();
        if (gradients.key() != null) {
            // the packed queries carry the factor of the logits, so only its change of base is undone
            for (int key = 0; key < shape.keys(); key++) {
                Panels.scale(sums, sumsAt + key * sharedRow, keyRow, 1f / Exponential.LOG2_E);
            }
            Rows to = gradients.key();
            Panels.write(sums, sumsAt, sharedRow, shape.keys(), shape.width(), to.data(), to.offset(b, kvHead, 0),
                    to.rowStride());
        }
        if (gradients.value() != null) {
            Rows to = gradients.value();
            Panels.write(sums, sumsAt + keyRow, sharedRow, shape.keys(), shape.valueWidth(), to.data(),
                    to.offset(b, kvHead, 0), to.rowStride());
        }
    }
}
