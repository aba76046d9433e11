package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The backward pass of one call. A task is a tile of queries of one head, as in the forward pass: it computes the
 * weights again from the log-sum-exp and finishes its queries' gradients; its share of the gradients of its box of keys
 * and values goes into a buffer of its own. A second round adds the shares that a key has in the boxes around it, in
 * the order of the tiles: the inverse of the neighbourhood, without any write from two tasks to one place.
 */
final class NeighborhoodBackward {
    private static final Scratch KEY_SHARES = new Scratch();
    private static final Scratch VALUE_SHARES = new Scratch();
    private static final Scratch TABLE_SHARES = new Scratch();
    private static final Scratch KEYS = new Scratch();
    private static final Scratch KEYS_TURNED = new Scratch();
    private static final Scratch VALUES = new Scratch();
    private static final Scratch VALUES_TURNED = new Scratch();
    private static final Scratch MASK = new Scratch();
    private static final Scratch WEIGHTS = new Scratch();
    private static final Scratch LOGIT_GRADIENTS = new Scratch();
    private static final Scratch TABLE = new Scratch();
    private static final Scratch QUERIES = new Scratch();
    private static final Scratch OUTPUTS = new Scratch();
    private static final Scratch OUT_GRADIENTS = new Scratch();
    private static final Scratch QUERY_GRADIENTS = new Scratch();
    private static final Scratch LINE = new Scratch();

    private static final int STEP = NeighborhoodTiling.STEP;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    /** Floats of shares that may be held at once; heads beyond wait for the next round. */
    private static final long SHARES_LIMIT = 1L << 25;
    /** A log-sum-exp that makes every weight 0, for the rows that fill up six queries. */
    private static final float UNSEEN = 1e30f;

    private final NeighborhoodTiling tiling;
    private final Rows q;
    private final Rows k;
    private final Rows v;
    private final MemorySegment table;
    private final Rows out;
    private final MemorySegment lse;
    private final Rows dOut;
    private final MemorySegment dLse;
    private final NeighborhoodGradients gradients;
    private final int queryRow;
    private final int valueRow;
    private final float scale;
    /** Keys in the boxes of tiles before tile t. */
    private final int[] boxes;

    NeighborhoodBackward(Rows q, Rows k, Rows v, MemorySegment table, Rows out, MemorySegment lse, Rows dOut,
            MemorySegment dLse, NeighborhoodGradients gradients, NeighborhoodSpec spec) {
        this.q = q;
        this.k = k;
        this.v = v;
        this.table = table;
        this.out = out;
        this.lse = lse;
        this.dOut = dOut;
        this.dLse = dLse;
        this.gradients = gradients;
        tiling = new NeighborhoodTiling(spec);
        queryRow = Panels.padded(q.width());
        valueRow = Panels.padded(v.width());
        scale = spec.scaleFor(q.width());
        boxes = new int[tiling.tiles() + 1];
        for (int tile = 0; tile < tiling.tiles(); tile++) {
            boxes[tile + 1] = Math.addExact(boxes[tile], tiling.keys(tile));
        }
    }

    void run() {
        int tiles = tiling.tiles();
        int heads = q.batch() * q.heads();
        int tableSize = gradients.table() == null ? 0 : tiling.spec.tableSize();
        long perHead = (long) boxes[tiles] * (queryRow + valueRow) + (long) tiles * tableSize;
        int atOnce = (int) Math.clamp(SHARES_LIMIT / perHead, 1, heads);
        float[] keyShares = KEY_SHARES.atLeast((long) atOnce * boxes[tiles] * queryRow, "dk");
        float[] valueShares = VALUE_SHARES.atLeast((long) atOnce * boxes[tiles] * valueRow, "dv");
        float[] tableShares = TABLE_SHARES.atLeast((long) atOnce * tiles * tableSize, "dTable");
        if (tableSize > 0) {
            gradients.table().fill((byte) 0);
        }
        for (int first = 0; first < heads; first += atOnce) {
            int base = first;
            int count = Math.min(atOnce, heads - first);
            Workers.run(count * tiles, task -> {
                int head = base + task / tiles;
                tile(head / q.heads(), head % q.heads(), task % tiles, task / tiles, keyShares, valueShares,
                        tableShares);
            });
            int lines = tiling.planes.length * tiling.rows.length;
            Workers.run(count * lines, task -> {
                int head = base + task / lines;
                int plane = task % lines / tiling.rows.length;
                int row = task % tiling.rows.length;
                if (gradients.key() != null) {
                    // The packed queries carry the factor of the logits, so only its change of base is undone.
                    addShares(keyShares, task / lines, queryRow, 1f / Exponential.LOG2_E, plane, row, gradients.key(),
                            head);
                }
                if (gradients.value() != null) {
                    addShares(valueShares, task / lines, valueRow, 1f, plane, row, gradients.value(), head);
                }
            });
            for (int share = 0; share < (tableSize == 0 ? 0 : count * tiles); share++) {
                addTable(tableShares, share * tableSize, (base + share / tiles) % q.heads(), tableSize);
            }
        }
    }

    private void tile(int b, int head, int tile, int slot, float[] keyShares, float[] valueShares,
            float[] tableShares) {
        NeighborhoodBox box = new NeighborhoodBox(tiling, tile);
        float[] keys = KEYS.atLeast((long) box.keys * queryRow, "k");
        float[] keysTurned = KEYS_TURNED.atLeast((long) box.turnedRow * q.width(), "k");
        float[] values = VALUES.atLeast((long) box.keys * v.width(), "v");
        float[] valuesTurned = VALUES_TURNED.atLeast((long) box.turnedRow * v.width(), "v");
        box.read(k, b, head, keys, queryRow);
        box.turn(keys, queryRow, q.width(), keysTurned);
        box.read(v, b, head, values, v.width());
        box.turn(values, v.width(), v.width(), valuesTurned);
        int sharesAt = slot * boxes[boxes.length - 1] + boxes[tile];
        Arrays.fill(keyShares, sharesAt * queryRow, (sharesAt + box.keys) * queryRow, 0f);
        Arrays.fill(valueShares, sharesAt * valueRow, (sharesAt + box.keys) * valueRow, 0f);
        int tableSize = gradients.table() == null ? 0 : tiling.spec.tableSize();
        int tableAt = (slot * tiling.tiles() + tile) * tableSize;
        Arrays.fill(tableShares, tableAt, tableAt + tableSize, 0f);
        Pass pass = new Pass(b, head, keys, keysTurned, valuesTurned,
                MASK.atLeast(NeighborhoodBox.logitsLength(tiling)),
                NeighborhoodForward.table(table, TABLE, tiling.spec, head), keyShares, valueShares, sharesAt,
                tableShares, tableAt);
        for (int column = box.firstColumn(); column < box.lastColumn(); column += STEP) {
            box.take(column, pass.mask);
            for (int plane = box.firstPlane(); plane < box.lastPlane(); plane++) {
                for (int row = box.firstRow(); row < box.lastRow(); row++) {
                    differentiate(box, pass, plane, row);
                }
            }
        }
    }

    /** What one tile works on. */
    private record Pass(int b, int head, float[] keys, float[] keysTurned, float[] valuesTurned, float[] mask,
            float[] bias, float[] keyShares, float[] valueShares, int sharesAt, float[] tableShares, int tableAt) { }

    /** Six queries of one row. */
    private void differentiate(NeighborhoodBox box, Pass pass, int plane, int row) {
        float[] queries = QUERIES.atLeast(STEP * queryRow);
        float[] outGradients = OUT_GRADIENTS.atLeast(STEP * valueRow);
        float[] outputs = OUTPUTS.atLeast(STEP * valueRow);
        float[] queryGradients = QUERY_GRADIENTS.atLeast(STEP * queryRow);
        float[] weights = WEIGHTS.atLeast(NeighborhoodBox.logitsLength(tiling));
        float[] logitGradients = LOGIT_GRADIENTS.atLeast(NeighborhoodBox.logitsLength(tiling));
        box.readQueries(q, pass.b, pass.head, plane, row, queries, queryRow);
        Panels.scale(queries, 0, STEP * queryRow, scale * Exponential.LOG2_E);
        box.readQueries(dOut, pass.b, pass.head, plane, row, outGradients, valueRow);
        box.readQueries(out, pass.b, pass.head, plane, row, outputs, valueRow);
        Arrays.fill(queryGradients, 0, STEP * queryRow, 0f);
        int rowEnd = tiling.rows.high[row];
        for (int keyPlane = tiling.planes.low[plane]; keyPlane < tiling.planes.high[plane]; keyPlane++) {
            for (int keyRow = tiling.rows.low[row]; keyRow < rowEnd; keyRow += box.rowsAtOnce) {
                int count = Math.min(box.rowsAtOnce, rowEnd - keyRow);
                int length = count * box.span;
                int padded = Panels.padded(length);
                int at = box.at(keyPlane, keyRow, box.from);
                box.start(pass.mask, count, pass.bias, plane, row, keyPlane, keyRow, weights);
                Matrix.multiplyAdd(STEP, padded, q.width(), queries, 0, queryRow, 1, pass.keysTurned, at, box.turnedRow,
                        weights, 0, box.stride);
                Matrix.multiply(STEP, padded, v.width(), outGradients, 0, valueRow, 1, pass.valuesTurned, at,
                        box.turnedRow, logitGradients, 0, box.stride);
                for (int i = 0; i < STEP; i++) {
                    weigh(box, pass, plane, row, i, padded, weights, logitGradients, outGradients, outputs);
                }
                multiply(box, pass, at, length, queries, outGradients, weights, logitGradients, queryGradients);
                if (gradients.table() != null) {
                    box.addToTable(logitGradients, count, plane, row, keyPlane, keyRow, pass.tableShares, pass.tableAt);
                }
            }
        }
        if (gradients.query() != null) {
            Panels.scale(queryGradients, 0, STEP * queryRow, scale);
            box.writeQueries(queryGradients, queryRow, gradients.query(), pass.b, pass.head, plane, row);
        }
    }

    /** Logits to weights, and their gradients likewise, of query i. */
    private void weigh(NeighborhoodBox box, Pass pass, int plane, int row, int i, int padded, float[] weights,
            float[] logitGradients, float[] outGradients, float[] outputs) {
        float logSumExp = UNSEEN;
        float delta = 0;
        if (i < box.count) {
            long at = (((long) pass.b * q.heads() + pass.head) * q.rows()
                    + tiling.token(plane, row, box.column + i)) * Float.BYTES;
            logSumExp = lse.get(FLOAT, at) * Exponential.LOG2_E;
            delta = RowReduction.dot(outGradients, i * valueRow, outputs, i * valueRow, valueRow)
                    - (dLse == null ? 0 : dLse.get(FLOAT, at));
        }
        SoftmaxRows.differentiate(weights, i * box.stride, logitGradients, i * box.stride, padded, logSumExp, delta);
    }

    /** The three products that make gradients of six queries and of the keys and values that they see. */
    private void multiply(NeighborhoodBox box, Pass pass, int at, int length, float[] queries, float[] outGradients,
            float[] weights, float[] logitGradients, float[] queryGradients) {
        if (gradients.value() != null) {
            Matrix.multiplyAdd(length, valueRow, STEP, weights, 0, 1, box.stride, outGradients, 0, valueRow,
                    pass.valueShares, (pass.sharesAt + at) * valueRow, valueRow);
        }
        if (gradients.key() != null) {
            Matrix.multiplyAdd(length, queryRow, STEP, logitGradients, 0, 1, box.stride, queries, 0, queryRow,
                    pass.keyShares, (pass.sharesAt + at) * queryRow, queryRow);
        }
        if (gradients.query() != null) {
            Matrix.multiplyAdd(STEP, queryRow, length, logitGradients, 0, box.stride, 1, pass.keys, at * queryRow,
                    queryRow, queryGradients, 0, queryRow);
        }
    }

    /** Adds the shares of one row of keys and writes them. */
    private void addShares(float[] shares, int slot, int width, float factor, int plane, int row, Rows to, int head) {
        NeighborhoodAxis columns = tiling.columns;
        float[] line = LINE.atLeast(columns.length * width);
        Arrays.fill(line, 0, columns.length * width, 0f);
        for (int tile = 0; tile < tiling.tiles(); tile++) {
            int planeTile = tiling.planeTile(tile);
            int rowTile = tiling.rowTile(tile);
            int columnTile = tiling.columnTile(tile);
            if (plane < tiling.planes.boxLow[planeTile] || plane >= tiling.planes.boxHigh[planeTile]
                    || row < tiling.rows.boxLow[rowTile] || row >= tiling.rows.boxHigh[rowTile]) {
                continue;
            }
            int box = columns.box(columnTile);
            int inBox = ((plane - tiling.planes.boxLow[planeTile]) * tiling.rows.box(rowTile) + row
                    - tiling.rows.boxLow[rowTile]) * box;
            Panels.add(line, columns.boxLow[columnTile] * width, shares,
                    (slot * boxes[boxes.length - 1] + boxes[tile] + inBox) * width, box * width);
        }
        Panels.scale(line, 0, columns.length * width, factor);
        for (int column = 0; column < columns.length; column++) {
            Panels.write(line, column * width, width, 1, to.width(), to.data(),
                    to.offset(head / q.heads(), head % q.heads(), tiling.token(plane, row, column)), to.rowStride());
        }
    }

    private void addTable(float[] shares, int at, int head, int size) {
        for (int i = 0; i < size; i++) {
            long byteAt = ((long) head * size + i) * Float.BYTES;
            gradients.table().set(FLOAT, byteAt, gradients.table().get(FLOAT, byteAt) + shares[at + i]);
        }
    }
}
