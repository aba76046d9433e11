package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The forward pass of one call, tile by tile (FlashAttention-2; FlashSigmoid where the normaliser is sigmoid). A task
 * is a tile of queries of one head; it passes over the packed tiles of keys, in register-block rows, and keeps its
 * outputs in scratch.
 */
final class AttentionForward {
    private static final Scratch QUERIES = new Scratch();
    private static final Scratch LOGITS = new Scratch();
    private static final Scratch WEIGHTS = new Scratch();
    private static final Scratch OUTPUTS = new Scratch();
    private static final Scratch REFERENCES = new Scratch();
    private static final Scratch SUMS = new Scratch();

    private static final int STEP = Matrix.ROWS;
    static final int TILE_QUERIES = 16 * STEP;
    static final int TILE_KEYS = 192;
    /** Floats of packed keys and values that may be held at once; heads beyond wait for the next round. */
    private static final long PACKED_LIMIT = 1L << 24;

    private final AttentionShape shape;
    private final Rows q;
    private final Rows k;
    private final Rows v;
    private final Rows out;
    private final MemorySegment lse;
    private final boolean softmax;
    private final float logitBias;
    private final float queryFactor;
    private final float sigmoidShift;
    private final Visibility visibility;
    private final LogitBias bias;
    private final int[] queryTiles;

    AttentionForward(AttentionShape shape, Rows q, Rows k, Rows v, Rows out, MemorySegment lse, AttentionSpec spec) {
        this.shape = shape;
        this.q = q;
        this.k = k;
        this.v = v;
        this.out = out;
        this.lse = lse;
        softmax = spec.normalizer() == Normalizer.SOFTMAX;
        logitBias = spec.logitBias();
        float toPowersOfTwo = softmax ? Exponential.LOG2_E : -Exponential.LOG2_E;
        queryFactor = spec.scaleFor(shape.width()) * toPowersOfTwo;
        sigmoidShift = logitBias * toPowersOfTwo;
        visibility = new Visibility(shape, spec);
        bias = new LogitBias(spec.bias(), shape, toPowersOfTwo);
        queryTiles = visibility.queryTiles(TILE_QUERIES);
    }

    void run() {
        int tileKeys = Math.min(TILE_KEYS, Panels.padded(Math.max(1, shape.keys())));
        long perHead = Math.max(1, KeyPanels.floatsPerHead(shape, tileKeys));
        int heads = shape.batch() * shape.kvHeads();
        int atOnce = (int) Math.clamp(PACKED_LIMIT / perHead, 1, heads);
        KeyPanels panels = new KeyPanels(shape, k, v, tileKeys, atOnce);
        int tiles = queryTiles.length - 1;
        int tasksPerHead = shape.group() * tiles;
        for (int first = 0; first < heads; first += atOnce) {
            int base = first;
            int count = Math.min(atOnce, heads - first);
            Workers.run(count * panels.tiles, task -> {
                int slot = task / panels.tiles;
                int head = base + slot;
                panels.pack(slot, head / shape.kvHeads(), head % shape.kvHeads(), task % panels.tiles);
            });
            Workers.run(count * tasksPerHead, task -> {
                int slot = task / tasksPerHead;
                int inside = task % tasksPerHead;
                int head = base + slot;
                // Late queries see most when causal: the longest tasks come first.
                int tile = tiles - 1 - inside % tiles;
                attend(panels, slot, head / shape.kvHeads(), head % shape.kvHeads() * shape.group() + inside / tiles,
                        tile);
            });
        }
    }

    private void attend(KeyPanels panels, int slot, int b, int head, int queryTile) {
        int first = queryTiles[queryTile];
        int rows = queryTiles[queryTile + 1] - first;
        int padded = (rows + STEP - 1) / STEP * STEP;
        int width = shape.width();
        int valueRow = panels.valueRow;

        float[] queries = QUERIES.atLeast(TILE_QUERIES * width);
        Panels.read(q.data(), q.offset(b, head, first), q.rowStride(), rows, width, queries, 0, width);
        Panels.scale(queries, 0, rows * width, queryFactor);
        Arrays.fill(queries, rows * width, padded * width, 0f);
        float[] outputs = OUTPUTS.atLeast(TILE_QUERIES * valueRow);
        Arrays.fill(outputs, 0, padded * valueRow, 0f);
        float[] references = REFERENCES.atLeast(TILE_QUERIES);
        float[] sums = SUMS.atLeast(TILE_QUERIES * Lanes.COUNT);
        if (softmax) {
            Arrays.fill(references, 0, padded, SoftmaxRows.UNSEEN);
            Arrays.fill(sums, 0, padded * Lanes.COUNT, 0f);
        }
        int[] pieces = new int[visibility.isSparse() ? panels.tileKeys + 2 : 2];
        int low = visibility.low(b, first);
        int high = visibility.high(b, first + rows - 1);
        for (int from = low; from < high; ) {
            int tile = from / panels.tileKeys;
            int to = Math.min(high, (tile + 1) * panels.tileKeys);
            int count = visibility.pieces(head, first, from, to, pieces);
            for (int piece = 0; piece < count; piece++) {
                if (visibility.hasKeys(b, pieces[2 * piece], pieces[2 * piece + 1])) {
                    pass(panels, slot, tile, b, head, first, rows, pieces[2 * piece], pieces[2 * piece + 1], queries,
                            outputs, references, sums);
                }
            }
            from = to;
        }
        finish(b, head, first, rows, valueRow, outputs, references, sums);
    }

    /** Passes the keys [from, to), all of one tile, by all rows of a query tile. */
    private void pass(KeyPanels panels, int slot, int tile, int b, int head, int first, int rows, int from, int to,
            float[] queries, float[] outputs, float[] references, float[] sums) {
        int tileKeys = panels.tileKeys;
        int start = tile * tileKeys;
        int keysAt = panels.keysAt(slot, tile);
        int valuesAt = panels.valuesAt(slot, tile);
        int width = shape.width();
        int valueRow = panels.valueRow;
        float[] logits = LOGITS.atLeast(STEP * TILE_KEYS);
        float[] weights = WEIGHTS.atLeast(STEP * TILE_KEYS);
        boolean holes = visibility.hasHoles(b, from, to);
        for (int row = 0; row < rows; row += STEP) {
            int i = first + row;
            int last = Math.min(i + STEP, first + rows) - 1;
            int low = Math.max(from, visibility.low(b, i));
            int high = Math.min(to, visibility.high(b, last));
            if (low >= high) {
                continue;
            }
            int column = (low - start) / Lanes.COUNT * Lanes.COUNT;
            int length = Panels.padded(high - start - column);
            int key = start + column;
            Matrix.multiply(STEP, length, width, queries, row * width, width, 1, panels.keys, keysAt + column,
                    tileKeys, logits, 0, tileKeys);
            if (!bias.isNone()) {
                for (int r = 0; r <= last - i; r++) {
                    bias.add(logits, r * tileKeys, length, b, head, i + r, key);
                }
            }
            boolean whole = !holes && from <= key && key + length <= to && visibility.low(b, last) <= key
                    && key + length <= visibility.high(b, i);
            if (softmax) {
                if (!whole) {
                    hide(logits, tileKeys, length, b, i, last, key, from, to, holes, Float.NEGATIVE_INFINITY);
                }
                for (int r = 0; r < STEP; r++) {
                    SoftmaxRows.update(logits, r * tileKeys, length, weights, references, sums, row + r, outputs,
                            (row + r) * valueRow, valueRow);
                }
            } else {
                for (int r = 0; r < STEP; r++) {
                    SigmoidRows.weigh(logits, r * tileKeys, length, weights, sigmoidShift);
                }
                if (!whole) {
                    hide(weights, tileKeys, length, b, i, last, key, from, to, holes, 0f);
                }
            }
            Matrix.multiplyAdd(STEP, valueRow, length, weights, 0, tileKeys, 1, panels.values,
                    valuesAt + column * valueRow, valueRow, outputs, row * valueRow, valueRow);
        }
    }

    private void hide(float[] x, int stride, int length, int b, int first, int last, int key, int from, int to,
            boolean holes, float value) {
        for (int i = first; i <= last; i++) {
            int at = (i - first) * stride;
            int low = Math.max(from, visibility.low(b, i));
            int high = Math.min(to, visibility.high(b, i));
            Hiding.outside(x, at, length, low - key, high - key, value);
            if (holes) {
                Hiding.absent(x, at, length, visibility.exists(), visibility.existsOffset(b) + key, value);
            }
        }
    }

    private void finish(int b, int head, int first, int rows, int valueRow, float[] outputs, float[] references,
            float[] sums) {
        if (softmax) {
            long at = ((long) b * shape.heads() + head) * shape.queries() + first;
            for (int r = 0; r < rows; r++) {
                float sum = RowReduction.sum(sums, r * Lanes.COUNT, Lanes.COUNT);
                Panels.scale(outputs, r * valueRow, valueRow, sum == 0f ? 0f : 1f / sum);
                if (lse != null) {
                    double natural = sum == 0f ? Double.NEGATIVE_INFINITY
                            : references[r] * (double) Exponential.LN_2 + Math.log(sum) + logitBias;
                    lse.set(ValueLayout.JAVA_FLOAT_UNALIGNED, (at + r) * Float.BYTES, (float) natural);
                }
            }
        }
        Panels.write(outputs, 0, valueRow, rows, shape.valueWidth(), out.data(), out.offset(b, head, first),
                out.rowStride());
    }
}
