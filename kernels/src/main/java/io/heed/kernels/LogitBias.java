package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The bias of one call, ready to be added to rows of logits that carry a factor (log2(e), or its negative for sigmoid).
 */
final class LogitBias {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;
    private static final FloatVector LANE_NUMBERS = FloatVector.zero(FLOAT).addIndex(1);

    private final Bias bias;
    private final int keys;
    private final float factor;
    // Slopes, or the relative table, times the factor.
    private final float[] scaled;

    LogitBias(Bias bias, AttentionShape shape, float factor) {
        this.bias = bias;
        this.keys = shape.keys();
        this.factor = factor;
        scaled = switch (bias) {
            case Bias.None none -> null;
            case Bias.Dense dense -> null;
            case Bias.Alibi alibi -> alibi.slopes();
            case Bias.RelativeTable table -> table.table().asSlice(0,
                    (long) shape.heads() * table.width() * Float.BYTES)
                    .toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
        };
        if (scaled != null) {
            Panels.scale(scaled, 0, scaled.length, factor);
        }
    }

    boolean isNone() {
        return bias instanceof Bias.None;
    }

    /**
     * Adds the bias of query i and the keys from {@code key} to {@code length} logits; those past the last key are
     * left.
     */
    void add(float[] logits, int at, int length, int b, int head, int i, int key) {
        switch (bias) {
            case Bias.None none -> { }
            case Bias.Alibi alibi -> addLine(logits, at, length, scaled[head], (long) key - i - alibi.offset());
            case Bias.RelativeTable table -> addTable(logits, at, length, table, head * table.width(),
                    (long) key - i - table.offset());
            case Bias.Dense dense -> {
                Rows values = dense.values();
                long from = values.offset(values.batch() == 1 ? 0 : b, values.heads() == 1 ? 0 : head, i) + key;
                addRow(logits, at, Math.min(length, keys - key), values.data(), from * Float.BYTES, factor);
            }
        }
    }

    private static void addLine(float[] logits, int at, int length, float slope, long distance) {
        FloatVector m = FloatVector.broadcast(FLOAT, slope);
        for (int j = 0; j < length; j += LANES) {
            FloatVector d = LANE_NUMBERS.add((float) (distance + j));
            d.fma(m, FloatVector.fromArray(FLOAT, logits, at + j)).intoArray(logits, at + j);
        }
    }

    private void addTable(float[] logits, int at, int length, Bias.RelativeTable table, int row, long distance) {
        long left = table.left();
        // [0, inside) is farther left than the table reaches, [inside, outside) within it, the rest farther right.
        int inside = (int) Math.clamp(-left - distance, 0, length);
        int outside = (int) Math.clamp(table.right() + 1L - distance, inside, length);
        for (int j = 0; j < inside; j++) {
            logits[at + j] += scaled[row];
        }
        int base = (int) (row + left + distance);
        int j = inside;
        for (; j <= outside - LANES; j += LANES) {
            FloatVector.fromArray(FLOAT, logits, at + j).add(FloatVector.fromArray(FLOAT, scaled, base + j))
                    .intoArray(logits, at + j);
        }
        for (; j < outside; j++) {
            logits[at + j] += scaled[base + j];
        }
        for (; j < length; j++) {
            logits[at + j] += scaled[row + table.width() - 1];
        }
    }

    private static void addRow(float[] logits, int at, int length, MemorySegment from, long fromByte, float factor) {
        FloatVector f = FloatVector.broadcast(FLOAT, factor);
        int j = 0;
        for (; j <= length - LANES; j += LANES) {
            FloatVector.fromMemorySegment(FLOAT, from, fromByte + (long) j * Float.BYTES, ByteOrder.nativeOrder())
                    .fma(f, FloatVector.fromArray(FLOAT, logits, at + j)).intoArray(logits, at + j);
        }
        for (; j < length; j++) {
            float value = from.get(ValueLayout.JAVA_FLOAT_UNALIGNED, fromByte + (long) j * Float.BYTES);
            logits[at + j] = Math.fma(value, factor, logits[at + j]);
        }
    }
}
