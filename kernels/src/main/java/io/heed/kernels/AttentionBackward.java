package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The backward pass of one call (FlashAttention-2, algorithm 2): P is recomputed tile by tile from the log-sum-exp,
 * five products a tile. A task owns some key tiles of one key/value head, so that it finishes their dK and dV alone;
 * its share of dQ goes into a buffer of its own, and the shares are added in the order of the keys. How keys are
 * shared out depends on shapes alone.
 */
final class AttentionBackward {
    private static final Scratch QUERIES = new Scratch();
    private static final Scratch OUT_GRADIENTS = new Scratch();
    private static final Scratch ROW_STATISTICS = new Scratch();
    private static final Scratch QUERY_GRADIENTS = new Scratch();
    private static final Scratch TABLE_SUMS = new Scratch();
    private static final Scratch OUTPUT_ROWS = new Scratch();
    private static final Scratch TILE = new Scratch();

    private static final int STEP = Matrix.ROWS;
    private static final int TILE_QUERIES = 8 * STEP;
    private static final int TILE_KEYS = 192;
    /** Tasks that keep many cores busy; with fewer key/value heads, their keys are shared out. */
    private static final int ENOUGH_TASKS = 16;
    /** Floats of packed queries, output gradients and shares of dQ that may be held at once. */
    private static final long PACKED_LIMIT = 1L << 25;
    /** A log-sum-exp that makes every weight 0, for rows that saw no key. */
    private static final float UNSEEN = 1e30f;

    private final AttentionShape shape;
    private final Rows q;
    private final Rows k;
    private final Rows v;
    private final Rows out;
    private final MemorySegment lse;
    private final Rows dOut;
    private final MemorySegment dLse;
    private final AttentionGradients gradients;
    private final boolean softmax;
    private final float scale;
    private final float logitBias;
    private final float toPowersOfTwo;
    private final Visibility visibility;
    private final LogitBias bias;
    private final BiasGradient biasGradient;
    private final int[] queryTiles;
    private final int queryRow;
    private final int valueRow;
    private final int tileKeys;
    private final int keyTiles;
    private final int shares;

    AttentionBackward(AttentionShape shape, Rows q, Rows k, Rows v, Rows out, MemorySegment lse, Rows dOut,
            MemorySegment dLse, AttentionGradients gradients, AttentionSpec spec) {
        this.shape = shape;
        this.q = q;
        this.k = k;
        this.v = v;
        this.out = out;
        this.lse = lse;
        this.dOut = dOut;
        this.dLse = dLse;
        this.gradients = gradients;
        softmax = spec.normalizer() == Normalizer.SOFTMAX;
        scale = spec.scaleFor(shape.width());
        logitBias = spec.logitBias();
        toPowersOfTwo = softmax ? Exponential.LOG2_E : -Exponential.LOG2_E;
        visibility = new Visibility(shape, spec);
        bias = new LogitBias(spec.bias(), shape, toPowersOfTwo);
        biasGradient = new BiasGradient(shape, spec, gradients);
        queryTiles = visibility.queryTiles(TILE_QUERIES);
        queryRow = Panels.padded(shape.width());
        valueRow = Panels.padded(shape.valueWidth());
        tileKeys = Math.min(TILE_KEYS, Panels.padded(Math.max(1, shape.keys())));
        keyTiles = AttentionShape.ceilDiv(shape.keys(), tileKeys);
        shares = shares();
    }

    private int shares() {
        int wanted = AttentionShape.ceilDiv(ENOUGH_TASKS, shape.batch() * shape.kvHeads());
        long rows = (long) Math.max(1, shape.group()) * packedRows() * queryRow;
        int affordable = (int) Math.clamp(PACKED_LIMIT / rows, 4, ENOUGH_TASKS);
        return Math.clamp(Math.min(wanted, affordable), 1, Math.max(1, keyTiles));
    }

    /** Rows kept for each query head: a register block may read past the last. */
    private int packedRows() {
        return shape.queries() + STEP;
    }

    /** Buffers of one round over some key/value heads, shared by its tasks. */
    private record Round(int base, float[] queries, float[] outGradients, float[] statistics, float[] queryGradients,
            float[] tableSums) { }

    /** Buffers of one key tile, all in the thread's scratch: offsets into one array. */
    private record Tile(float[] memory, int keys, int keysTurned, int valuesTurned, int keyGradients,
            int valueGradients, int weights, int logitGradients) { }

    void run() {
        int heads = shape.batch() * shape.kvHeads();
        int group = shape.group();
        long perHead = Math.max(1, (long) group * packedRows() * (queryRow * (1L + shares) + valueRow));
        int atOnce = biasGradient.sharesHeads() ? 1 : (int) Math.clamp(PACKED_LIMIT / perHead, 1, heads);
        long rows = (long) atOnce * group * packedRows();
        float[] queries = QUERIES.atLeast(rows * queryRow, "q");
        float[] outGradients = OUT_GRADIENTS.atLeast(rows * valueRow, "dOut");
        float[] statistics = ROW_STATISTICS.atLeast(2 * rows, "lse");
        float[] queryGradients = QUERY_GRADIENTS.atLeast(rows * queryRow * shares, "dq");
        int tables = group * biasGradient.tableWidth();
        float[] tableSums = TABLE_SUMS.atLeast((long) atOnce * shares * tables, "relative table gradient");
        int tiles = queryTiles.length - 1;
        biasGradient.clear();
        for (int first = 0; first < heads; first += atOnce) {
            int count = Math.min(atOnce, heads - first);
            Round round = new Round(first, queries, outGradients, statistics, queryGradients, tableSums);
            Workers.run(count * group * tiles, task -> pack(round, task / tiles, task % tiles));
            // Early keys are seen most when causal: the longest tasks come first.
            Workers.run(count * shares, task -> share(round, task % count, task / count));
            if (gradients.query() != null) {
                Workers.run(count * group * tiles, task -> addShares(round, task / tiles, task % tiles));
            }
            if (tables > 0) {
                for (int slot = 0; slot < count; slot++) {
                    for (int share = 0; share < shares; share++) {
                        for (int g = 0; g < group; g++) {
                            biasGradient.collect(tableSums, ((slot * shares + share) * group
                                    + g) * biasGradient.tableWidth(), (first + slot) % shape.kvHeads() * group + g);
                        }
                    }
                }
            }
        }
    }

    private int sequence(Round round, int slot) {
        return (round.base + slot) / shape.kvHeads();
    }

    private int kvHead(Round round, int slot) {
        return (round.base + slot) % shape.kvHeads();
    }

    /** Packs one query tile: scaled queries, output gradients, log-sum-exp and delta. */
    private void pack(Round round, int headSlot, int tile) {
        int slot = headSlot / shape.group();
        int b = sequence(round, slot);
        int head = kvHead(round, slot) * shape.group() + headSlot % shape.group();
        int first = queryTiles[tile];
        int rows = queryTiles[tile + 1] - first;
        int row = headSlot * packedRows() + first;
        Panels.read(q.data(), q.offset(b, head, first), q.rowStride(), rows, shape.width(), round.queries,
                row * queryRow, queryRow);
        Panels.scale(round.queries, row * queryRow, rows * queryRow, scale * toPowersOfTwo);
        Panels.read(dOut.data(), dOut.offset(b, head, first), dOut.rowStride(), rows, shape.valueWidth(),
                round.outGradients, row * valueRow, valueRow);
        if (!softmax) {
            return;
        }
        float[] outputs = OUTPUT_ROWS.atLeast(TILE_QUERIES * valueRow);
        Panels.read(out.data(), out.offset(b, head, first), out.rowStride(), rows, shape.valueWidth(), outputs, 0,
                valueRow);
        long at = ((long) b * shape.heads() + head) * shape.queries() + first;
        for (int r = 0; r < rows; r++) {
            float natural = lse.get(ValueLayout.JAVA_FLOAT_UNALIGNED, (at + r) * Float.BYTES);
            float delta = RowReduction.dot(round.outGradients, (row + r) * valueRow, outputs, r * valueRow, valueRow);
            if (dLse != null) {
                delta -= dLse.get(ValueLayout.JAVA_FLOAT_UNALIGNED, (at + r) * Float.BYTES);
            }
            round.statistics[2 * (row + r)] = natural == Float.NEGATIVE_INFINITY ? UNSEEN
                    : (natural - logitBias) * toPowersOfTwo;
            round.statistics[2 * (row + r) + 1] = delta;
        }
    }

    /** One task: the key tiles of one share of one key/value head. */
    private void share(Round round, int slot, int share) {
        int group = shape.group();
        int task = slot * shares + share;
        for (int g = 0; g < group; g++) {
            int at = queryGradientsAt(slot * group + g, share);
            Arrays.fill(round.queryGradients, at, at + packedRows() * queryRow, 0f);
        }
        int tables = group * biasGradient.tableWidth();
        Arrays.fill(round.tableSums, task * tables, (task + 1) * tables, 0f);
        int end = (int) ((share + 1L) * keyTiles / shares);
        for (int keyTile = (int) ((long) share * keyTiles / shares); keyTile < end; keyTile++) {
            keyTile(round, slot, share, keyTile);
        }
    }

    private int queryGradientsAt(int headSlot, int share) {
        return (headSlot * shares + share) * packedRows() * queryRow;
    }

    private void keyTile(Round round, int slot, int share, int keyTile) {
        int b = sequence(round, slot);
        int kvHead = kvHead(round, slot);
        int start = keyTile * tileKeys;
        int count = Math.min(tileKeys, shape.keys() - start);
        Tile tile = tile();
        readKeys(tile, b, kvHead, start, count);
        int[] pieces = new int[visibility.isSparse() ? tileKeys + 2 : 2];
        for (int g = 0; g < shape.group(); g++) {
            int head = kvHead * shape.group() + g;
            for (int t = 0; t < queryTiles.length - 1; t++) {
                int first = queryTiles[t];
                int rows = queryTiles[t + 1] - first;
                int from = Math.max(start, visibility.low(b, first));
                int to = Math.min(start + count, visibility.high(b, first + rows - 1));
                int found = visibility.pieces(head, first, from, to, pieces);
                for (int piece = 0; piece < found; piece++) {
                    if (visibility.hasKeys(b, pieces[2 * piece], pieces[2 * piece + 1])) {
                        pass(round, tile, slot, share, g, b, head, first, rows, start, pieces[2 * piece],
                                pieces[2 * piece + 1]);
                    }
                }
            }
        }
        if (gradients.key() != null) {
            // The packed queries carry the factor of the logits, so only its change of base is undone.
            Panels.scale(tile.memory, tile.keyGradients, count * queryRow, 1f / toPowersOfTwo);
            write(tile.memory, tile.keyGradients, queryRow, count, shape.width(), gradients.key(), b, kvHead, start);
        }
        if (gradients.value() != null) {
            write(tile.memory, tile.valueGradients, valueRow, count, shape.valueWidth(), gradients.value(), b, kvHead,
                    start);
        }
    }

    private Tile tile() {
        int keys = 0;
        int keysTurned = keys + tileKeys * queryRow;
        int valuesTurned = keysTurned + tileKeys * shape.width();
        int keyGradients = valuesTurned + tileKeys * shape.valueWidth();
        int valueGradients = keyGradients + tileKeys * queryRow;
        int weights = valueGradients + tileKeys * valueRow;
        int logitGradients = weights + TILE_QUERIES * tileKeys;
        float[] memory = TILE.atLeast(logitGradients + TILE_QUERIES * tileKeys);
        return new Tile(memory, keys, keysTurned, valuesTurned, keyGradients, valueGradients, weights, logitGradients);
    }

    private void readKeys(Tile tile, int b, int kvHead, int start, int count) {
        float[] memory = tile.memory;
        // The values' rows are needed only turned; the gradients' place holds them meanwhile.
        Panels.read(v.data(), v.offset(b, kvHead, start), v.rowStride(), count, shape.valueWidth(), memory,
                tile.valueGradients, valueRow);
        Panels.transpose(memory, tile.valueGradients, valueRow, count, shape.valueWidth(), memory, tile.valuesTurned,
                tileKeys);
        Panels.read(k.data(), k.offset(b, kvHead, start), k.rowStride(), count, shape.width(), memory, tile.keys,
                queryRow);
        Arrays.fill(memory, tile.keys + count * queryRow, tile.keys + tileKeys * queryRow, 0f);
        Panels.transpose(memory, tile.keys, queryRow, count, shape.width(), memory, tile.keysTurned, tileKeys);
        Arrays.fill(memory, tile.keyGradients, tile.weights, 0f);
    }

    private static void write(float[] from, int at, int row, int count, int width, Rows to, int b, int head,
            int start) {
        Panels.write(from, at, row, count, width, to.data(), to.offset(b, head, start), to.rowStride());
    }

    /** Passes one query tile by the keys [from, to) of the key tile that begins at {@code start}. */
    private void pass(Round round, Tile tile, int slot, int share, int g, int b, int head, int first, int rows,
            int start, int from, int to) {
        float[] memory = tile.memory;
        int headSlot = slot * shape.group() + g;
        int packed = headSlot * packedRows() + first;
        int column = (from - start) / Lanes.COUNT * Lanes.COUNT;
        int length = Panels.padded(to - start - column);
        for (int row = 0; row < rows; row += STEP) {
            weigh(round, tile, b, head, first, row, Math.min(STEP, rows - row), packed + row, start, from, to);
        }
        int weights = tile.weights + column;
        int logitGradients = tile.logitGradients + column;
        if (biasGradient.isWanted()) {
            int tables = biasGradient.tableWidth();
            int sumsAt = ((slot * shares + share) * shape.group() + g) * tables;
            for (int r = 0; r < rows; r++) {
                biasGradient.add(memory, logitGradients + r * tileKeys, length, b, head, first + r, start + column,
                        round.tableSums, sumsAt);
            }
        }
        if (gradients.value() != null) {
            Matrix.multiplyAdd(length, valueRow, rows, memory, weights, 1, tileKeys, round.outGradients,
                    packed * valueRow, valueRow, memory, tile.valueGradients + column * valueRow, valueRow);
        }
        if (gradients.key() != null) {
            Matrix.multiplyAdd(length, queryRow, rows, memory, logitGradients, 1, tileKeys, round.queries,
                    packed * queryRow, queryRow, memory, tile.keyGradients + column * queryRow, queryRow);
        }
        if (gradients.query() != null) {
            Matrix.multiplyAdd(rows, queryRow, length, memory, logitGradients, tileKeys, 1, memory,
                    tile.keys + column * queryRow, queryRow, round.queryGradients,
                    queryGradientsAt(headSlot, share) + first * queryRow, queryRow);
        }
    }

    /** Weights and logit gradients of up to six rows; 0 wherever a key is hidden. */
    private void weigh(Round round, Tile tile, int b, int head, int first, int row, int count, int packed, int start,
            int from, int to) {
        float[] memory = tile.memory;
        int i = first + row;
        int last = i + count - 1;
        int weights = tile.weights + row * tileKeys;
        int logitGradients = tile.logitGradients + row * tileKeys;
        int outerColumn = (from - start) / Lanes.COUNT * Lanes.COUNT;
        int outerEnd = outerColumn + Panels.padded(to - start - outerColumn);
        int low = Math.max(from, visibility.low(b, i));
        int high = Math.min(to, visibility.high(b, last));
        int column = low >= high ? outerEnd : (low - start) / Lanes.COUNT * Lanes.COUNT;
        int length = low >= high ? 0 : Panels.padded(high - start - column);
        if (length > 0) {
            Matrix.multiply(STEP, length, shape.width(), round.queries, packed * queryRow, queryRow, 1, memory,
                    tile.keysTurned + column, tileKeys, memory, weights + column, tileKeys);
            Matrix.multiply(STEP, length, shape.valueWidth(), round.outGradients, packed * valueRow, valueRow, 1,
                    memory, tile.valuesTurned + column, tileKeys, memory, logitGradients + column, tileKeys);
        }
        int key = start + column;
        boolean whole = from <= key && key + length <= to && visibility.low(b, last) <= key
                && key + length <= visibility.high(b, i) && !visibility.hasHoles(b, from, to);
        for (int r = 0; r < count; r++) {
            int w = weights + r * tileKeys;
            int d = logitGradients + r * tileKeys;
            if (!bias.isNone()) {
                bias.add(memory, w + column, length, b, head, i + r, key);
            }
            if (softmax) {
                SoftmaxRows.differentiate(memory, w + column, memory, d + column, length,
                        round.statistics[2 * (packed + r)], round.statistics[2 * (packed + r) + 1]);
            } else {
                SigmoidRows.differentiate(memory, w + column, memory, d + column, length, logitBias * toPowersOfTwo);
            }
            if (!whole) {
                int seenFrom = Math.max(from, visibility.low(b, i + r)) - key;
                int seenTo = Math.min(to, visibility.high(b, i + r)) - key;
                Hiding.outside(memory, w + column, length, seenFrom, seenTo, 0f);
                Hiding.outside(memory, d + column, length, seenFrom, seenTo, 0f);
                if (visibility.hasHoles(b, from, to)) {
                    int existsAt = visibility.existsOffset(b) + key;
                    Hiding.absent(memory, w + column, length, visibility.exists(), existsAt, 0f);
                    Hiding.absent(memory, d + column, length, visibility.exists(), existsAt, 0f);
                }
            }
            Hiding.outside(memory, w + outerColumn, outerEnd - outerColumn, column - outerColumn,
                    column - outerColumn + length, 0f);
            Hiding.outside(memory, d + outerColumn, outerEnd - outerColumn, column - outerColumn,
                    column - outerColumn + length, 0f);
        }
    }

    /** Adds the shares of dQ of one query tile in the order of the keys and writes the result. */
    private void addShares(Round round, int headSlot, int queryTile) {
        int slot = headSlot / shape.group();
        int first = queryTiles[queryTile];
        int rows = queryTiles[queryTile + 1] - first;
        int length = rows * queryRow;
        int at = queryGradientsAt(headSlot, 0) + first * queryRow;
        for (int share = 1; share < shares; share++) {
            Panels.add(round.queryGradients, at, round.queryGradients, queryGradientsAt(headSlot,
                    share) + first * queryRow, length);
        }
        Panels.scale(round.queryGradients, at, length, scale);
        write(round.queryGradients, at, queryRow, rows, shape.width(), gradients.query(), sequence(round, slot),
                kvHead(round, slot) * shape.group() + headSlot % shape.group(), first);
    }
}
