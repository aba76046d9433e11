package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The forward pass of one call. A task is a tile of queries of one head: it packs the tile's box of keys and values
 * once, then passes six queries at a time over the rows of keys in their windows, with an online softmax.
 */
final class NeighborhoodForward {
    private static final Scratch ROWS = new Scratch();
    private static final Scratch KEYS = new Scratch();
    private static final Scratch VALUES = new Scratch();
    private static final Scratch MASK = new Scratch();
    private static final Scratch LOGITS = new Scratch();
    private static final Scratch WEIGHTS = new Scratch();
    private static final Scratch TABLE = new Scratch();
    private static final Scratch QUERIES = new Scratch();
    private static final Scratch OUTPUTS = new Scratch();
    private static final Scratch REFERENCES = new Scratch();
    private static final Scratch SUMS = new Scratch();

    private static final int STEP = NeighborhoodTiling.STEP;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private final NeighborhoodTiling tiling;
    private final Rows q;
    private final Rows k;
    private final Rows v;
    private final MemorySegment table;
    private final Rows out;
    private final MemorySegment lse;
    private final int width;
    private final int valueRow;
    private final float factor;

    NeighborhoodForward(Rows q, Rows k, Rows v, MemorySegment table, Rows out, MemorySegment lse,
            NeighborhoodSpec spec) {
        this.q = q;
        this.k = k;
        this.v = v;
        this.table = table;
        this.out = out;
        this.lse = lse;
        tiling = new NeighborhoodTiling(spec);
        width = q.width();
        valueRow = Panels.padded(v.width());
        factor = spec.scaleFor(width) * Exponential.LOG2_E;
    }

    void run() {
        int tiles = tiling.tiles();
        Workers.run(Math.multiplyExact(q.batch() * q.heads(), tiles), task -> {
            int head = task / tiles;
            tile(head / q.heads(), head % q.heads(), task % tiles);
        });
    }

    /** Floats of scratch that a thread keeps. */
    static long scratchFloats(NeighborhoodSpec spec, int width, int valueWidth) {
        NeighborhoodTiling tiling = new NeighborhoodTiling(spec);
        long box = tiling.largestBox();
        long valueRow = Panels.padded(valueWidth);
        return box * (width + valueRow) + (long) NeighborhoodBox.turnedRow((int) box) * width
                + 3L * NeighborhoodBox.logitsLength(tiling) + spec.tableSize()
                + STEP * (width + valueRow + 1 + Lanes.COUNT);
    }

    /** The relative table of a head in powers of two, in this thread's scratch; null where there is none. */
    static float[] table(MemorySegment table, Scratch scratch, NeighborhoodSpec spec, int head) {
        if (table == null) {
            return null;
        }
        int size = spec.tableSize();
        float[] entries = scratch.atLeast(size);
        MemorySegment.copy(table, FLOAT, (long) head * size * Float.BYTES, entries, 0, size);
        Panels.scale(entries, 0, size, Exponential.LOG2_E);
        return entries;
    }

    private void tile(int b, int head, int tile) {
        NeighborhoodBox box = new NeighborhoodBox(tiling, tile);
        float[] rows = ROWS.atLeast((long) box.keys * width, "k");
        float[] keys = KEYS.atLeast((long) box.turnedRow * width, "k");
        float[] values = VALUES.atLeast((long) box.keys * valueRow, "v");
        box.read(k, b, head, rows, width);
        box.turn(rows, width, width, keys);
        box.read(v, b, head, values, valueRow);
        float[] bias = table(table, TABLE, tiling.spec, head);
        float[] mask = MASK.atLeast(NeighborhoodBox.logitsLength(tiling));
        for (int column = box.firstColumn(); column < box.lastColumn(); column += STEP) {
            box.take(column, mask);
            for (int plane = box.firstPlane(); plane < box.lastPlane(); plane++) {
                for (int row = box.firstRow(); row < box.lastRow(); row++) {
                    attend(box, b, head, plane, row, keys, values, mask, bias);
                }
            }
        }
    }

    /** Six queries of one row. */
    private void attend(NeighborhoodBox box, int b, int head, int plane, int row, float[] keys, float[] values,
            float[] mask, float[] bias) {
        float[] queries = QUERIES.atLeast(STEP * width);
        float[] outputs = OUTPUTS.atLeast(STEP * valueRow);
        float[] references = REFERENCES.atLeast(STEP);
        float[] sums = SUMS.atLeast(STEP * Lanes.COUNT);
        float[] logits = LOGITS.atLeast(NeighborhoodBox.logitsLength(tiling));
        float[] weights = WEIGHTS.atLeast(NeighborhoodBox.logitsLength(tiling));
        box.readQueries(q, b, head, plane, row, queries, width);
        Panels.scale(queries, 0, STEP * width, factor);
        Arrays.fill(outputs, 0, STEP * valueRow, 0f);
        Arrays.fill(references, 0, STEP, SoftmaxRows.UNSEEN);
        Arrays.fill(sums, 0, STEP * Lanes.COUNT, 0f);
        int rowEnd = tiling.rows.high[row];
        for (int keyPlane = tiling.planes.low[plane]; keyPlane < tiling.planes.high[plane]; keyPlane++) {
            for (int keyRow = tiling.rows.low[row]; keyRow < rowEnd; keyRow += box.rowsAtOnce) {
                int count = Math.min(box.rowsAtOnce, rowEnd - keyRow);
                int length = count * box.span;
                int padded = Panels.padded(length);
                int at = box.at(keyPlane, keyRow, box.from);
                box.start(mask, count, bias, plane, row, keyPlane, keyRow, logits);
                Matrix.multiplyAdd(STEP, padded, width, queries, 0, width, 1, keys, at, box.turnedRow, logits, 0,
                        box.stride);
                for (int i = 0; i < STEP; i++) {
                    SoftmaxRows.update(logits, i * box.stride, padded, weights, references, sums, i, outputs,
                            i * valueRow, valueRow);
                }
                Matrix.multiplyAdd(STEP, valueRow, length, weights, 0, box.stride, 1, values, at * valueRow, valueRow,
                        outputs, 0, valueRow);
            }
        }
        finish(box, b, head, plane, row, outputs, references, sums);
    }

    private void finish(NeighborhoodBox box, int b, int head, int plane, int row, float[] outputs, float[] references,
            float[] sums) {
        for (int i = 0; i < box.count; i++) {
            float sum = RowReduction.sum(sums, i * Lanes.COUNT, Lanes.COUNT);
            Panels.scale(outputs, i * valueRow, valueRow, 1f / sum);
            if (lse != null) {
                long at = ((long) b * q.heads() + head) * q.rows() + tiling.token(plane, row, box.column + i);
                lse.set(FLOAT, at * Float.BYTES, (float) (references[i] * (double) Exponential.LN_2 + Math.log(sum)));
            }
        }
        box.writeQueries(outputs, valueRow, out, b, head, plane, row);
    }
}
