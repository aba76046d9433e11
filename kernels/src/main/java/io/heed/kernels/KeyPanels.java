package io.heed.kernels;

import java.util.Arrays;

/**
 * Keys and values of some key/value heads, packed once for all query tiles: for each tile of keys, K transposed (d,
 * tileKeys) and V (tileKeys, valueRow), padded with zeros to whole vectors.
 */
final class KeyPanels {
    private static final Scratch KEYS = new Scratch();
    private static final Scratch VALUES = new Scratch();
    private static final Scratch ROWS = new Scratch();

    private final AttentionShape shape;
    private final Rows k;
    private final Rows v;
    final int tileKeys;
    final int tiles;
    final int valueRow;
    final float[] keys;
    final float[] values;

    /** Room for {@code heads} key/value heads in the calling thread's scratch. */
    KeyPanels(AttentionShape shape, Rows k, Rows v, int tileKeys, int heads) {
        this.shape = shape;
        this.k = k;
        this.v = v;
        this.tileKeys = tileKeys;
        tiles = AttentionShape.ceilDiv(shape.keys(), tileKeys);
        valueRow = Panels.padded(shape.valueWidth());
        keys = KEYS.atLeast((long) heads * tiles * tileKeys * shape.width(), "k");
        values = VALUES.atLeast((long) heads * tiles * tileKeys * valueRow, "v");
    }

    static long floatsPerHead(AttentionShape shape, int tileKeys) {
        long rows = (long) AttentionShape.ceilDiv(shape.keys(), tileKeys) * tileKeys;
        return rows * (shape.width() + Panels.padded(shape.valueWidth()));
    }

    /** Where the transposed keys of a tile start, for the head packed into {@code slot}. */
    int keysAt(int slot, int tile) {
        return (slot * tiles + tile) * tileKeys * shape.width();
    }

    /** Where the values of a tile start, for the head packed into {@code slot}. */
    int valuesAt(int slot, int tile) {
        return (slot * tiles + tile) * tileKeys * valueRow;
    }

    /** Packs one tile of key/value head {@code head} of sequence {@code b} into {@code slot}. */
    void pack(int slot, int b, int head, int tile) {
        int from = tile * tileKeys;
        int count = Math.min(tileKeys, shape.keys() - from);
        int width = shape.width();
        float[] rows = ROWS.atLeast(tileKeys * width);
        Panels.read(k.data(), k.offset(b, head, from), k.rowStride(), count, width, rows, 0, width);
        Panels.transpose(rows, 0, width, count, width, keys, keysAt(slot, tile), tileKeys);
        int at = valuesAt(slot, tile);
        Panels.read(v.data(), v.offset(b, head, from), v.rowStride(), count, shape.valueWidth(), values, at, valueRow);
        Arrays.fill(values, at + count * valueRow, at + Panels.padded(count) * valueRow, 0f);
    }
}
