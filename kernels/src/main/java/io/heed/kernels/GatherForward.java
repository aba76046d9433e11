package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The forward pass of {@link GatherAttention}: a task is a block of queries of one head, or a part of a large block.
 */
final class GatherForward {
    private static final Scratch QUERIES = new Scratch();
    private static final Scratch TURNED = new Scratch();
    private static final Scratch KEYS = new Scratch();
    private static final Scratch VALUES = new Scratch();
    private static final Scratch WEIGHTS = new Scratch();
    private static final Scratch OUTPUTS = new Scratch();
    private static final Scratch COLUMNS = new Scratch();
    private static final int TILE_QUERIES = GatherTiles.TILE_QUERIES;
    private static final int TILE_KEYS = GatherTiles.TILE_KEYS;

    private final AttentionShape shape;
    private final Rows q;
    private final Rows k;
    private final Rows v;
    private final Rows out;
    private final MemorySegment lse;
    private final KeyLists lists;
    private final float queryFactor;
    private final int patterns;
    private final int blocks;
    private final int parts;

    GatherForward(AttentionShape shape, Rows q, Rows k, Rows v, Rows out, MemorySegment lse, KeyLists lists,
            float scale) {
        this.shape = shape;
        this.q = q;
        this.k = k;
        this.v = v;
        this.out = out;
        this.lse = lse;
        this.lists = lists;
        queryFactor = scale * Exponential.LOG2_E;
        patterns = lists.patterns(shape.queries());
        blocks = lists.blocks(shape.queries());
        parts = AttentionShape.ceilDiv(lists.queryBlock(), TILE_QUERIES);
    }

    void run() {
        if (lists.queryBlock() == 1) {
            int runs = AttentionShape.ceilDiv(shape.queries(), GatherSingles.RUN);
            Workers.run(shape.batch() * shape.heads() * runs, task -> singles(task / runs, task % runs));
            return;
        }
        int perHead = blocks * parts;
        Workers.run(shape.batch() * shape.heads() * perHead, task -> {
            int head = task / perHead;
            int inside = task % perHead;
            attend(head / shape.heads(), head % shape.heads(), inside / parts, inside % parts);
        });
    }

    /** Queries one by one, each with a list of its own. */
    private void singles(int sequenceHead, int run) {
        int b = sequenceHead / shape.heads();
        int head = sequenceHead % shape.heads();
        int pattern = lists.pattern(patterns, b, shape.heads(), head);
        int valueRow = Panels.padded(shape.valueWidth());
        float[] query = QUERIES.atLeast(TILE_QUERIES * Panels.padded(shape.width()));
        float[] output = OUTPUTS.atLeast(GatherTiles.QUERY_ROWS * valueRow);
        float[] statistics = new float[2];
        GatherSingles singles = new GatherSingles(k, v, lists);
        int end = Math.min(shape.queries(), (run + 1) * GatherSingles.RUN);
        for (int i = run * GatherSingles.RUN; i < end; i++) {
            Panels.read(q.data(), q.offset(b, head, i), q.rowStride(), 1, shape.width(), query, 0,
                    Panels.padded(shape.width()));
            Panels.scale(query, 0, Panels.padded(shape.width()), queryFactor);
            int at = pattern * shape.queries() + i;
            singles.attend(b, head / shape.group(), at, at, query, 0, output, statistics);
            finish(b, head, i, 1, valueRow, output, new float[] {statistics[0]}, new float[] {statistics[1]});
        }
    }

    private void attend(int b, int head, int block, int part) {
        int first = block * lists.queryBlock() + part * TILE_QUERIES;
        int end = Math.min(shape.queries(), Math.min((block + 1) * lists.queryBlock(), first + TILE_QUERIES));
        int rows = end - first;
        if (rows <= 0) {
            return;
        }
        int pattern = lists.pattern(patterns, b, shape.heads(), head);
        int list = pattern * blocks + block;
        int listAt = lists.offsets()[list];
        int length = lists.offsets()[list + 1] - listAt;
        int width = shape.width();
        int keyRow = Panels.padded(width);
        int valueRow = Panels.padded(shape.valueWidth());
        int columns = Panels.padded(rows);
        int kvHead = head / shape.group();

        float[] queries = QUERIES.atLeast(TILE_QUERIES * keyRow);
        Panels.read(q.data(), q.offset(b, head, first), q.rowStride(), rows, width, queries, 0, keyRow);
        Panels.scale(queries, 0, rows * keyRow, queryFactor);
        float[] turned = TURNED.atLeast(TILE_QUERIES * width);
        GatherTiles.turn(queries, keyRow, rows, width, turned, columns);
        float[] outputs = OUTPUTS.atLeast(GatherTiles.QUERY_ROWS * valueRow);
        int blocked = GatherTiles.blocked(rows);
        Arrays.fill(outputs, 0, blocked * valueRow, 0f);
        float[] keys = KEYS.atLeast(TILE_KEYS * keyRow);
        float[] values = VALUES.atLeast(TILE_KEYS * valueRow);
        float[] weights = WEIGHTS.atLeast(GatherTiles.TILE_FLOATS);
        float[] references = new float[columns];
        float[] sums = new float[columns];
        float[] factors = COLUMNS.atLeast(TILE_QUERIES);
        int[] limits = new int[columns];
        Arrays.fill(references, SoftmaxRows.UNSEEN);
        for (int start = 0; start < length; start += TILE_KEYS) {
            int most = GatherTiles.limits(lists, pattern * shape.queries() + first, rows, columns, length, start,
                    limits);
            int count = Math.min(Math.min(TILE_KEYS, length - start), most);
            if (count <= 0) {
                break;
            }
            GatherTiles.gather(k, b, kvHead, lists.keys(), listAt + start, count, keys, keyRow);
            GatherTiles.gather(v, b, kvHead, lists.keys(), listAt + start, count, values, valueRow);
            Matrix.multiply(GatherTiles.blocked(count), columns, width, keys, 0, keyRow, 1, turned, 0, columns,
                    weights, 0, columns);
            GatherTiles.hide(weights, count, columns, limits, Float.NEGATIVE_INFINITY);
            GatherTiles.weigh(weights, count, columns, references, sums, factors);
            if (start > 0) {
                for (int r = 0; r < rows; r++) {
                    if (factors[r] != 1f) {
                        Panels.scale(outputs, r * valueRow, valueRow, factors[r]);
                    }
                }
            }
            Matrix.multiplyAdd(blocked, valueRow, count, weights, 0, 1, columns, values, 0, valueRow, outputs, 0,
                    valueRow);
        }
        finish(b, head, first, rows, valueRow, outputs, references, sums);
    }

    private void finish(int b, int head, int first, int rows, int valueRow, float[] outputs, float[] references,
            float[] sums) {
        long at = ((long) b * shape.heads() + head) * shape.queries() + first;
        for (int r = 0; r < rows; r++) {
            float sum = sums[r];
            Panels.scale(outputs, r * valueRow, valueRow, sum == 0f ? 0f : 1f / sum);
            if (lse != null) {
                double natural = sum == 0f ? Double.NEGATIVE_INFINITY
                        : references[r] * (double) Exponential.LN_2 + Math.log(sum);
                lse.set(ValueLayout.JAVA_FLOAT_UNALIGNED, (at + r) * Float.BYTES, (float) natural);
            }
        }
        Panels.write(outputs, 0, valueRow, rows, shape.valueWidth(), out.data(), out.offset(b, head, first),
                out.rowStride());
    }
}
