package io.heed.kernels;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The backward pass of one call of landmark attention: a task is a head, whose weights are computed again tile by
 * tile; the gradients of its keys and values grow in scratch while those of its queries are written.
 */
final class LandmarkBackward {
    private static final Scratch GRADIENT = new Scratch();
    private static final Scratch OUT = new Scratch();
    private static final Scratch QUERY = new Scratch();

    private final LandmarkAttention.Input input;
    private final LandmarkAttention.Output output;
    private final Rows gradient;
    private final LandmarkAttention.Input result;
    private final int block;
    private final KeyPadding padding;

    LandmarkBackward(LandmarkAttention.Input input, LandmarkAttention.Output output, Rows gradient,
            LandmarkAttention.Input result, int block, KeyPadding padding) {
        this.input = input;
        this.output = output;
        this.gradient = gradient;
        this.result = result;
        this.block = block;
        this.padding = padding;
    }

    void run() {
        Workers.run(input.q().batch() * input.q().heads(), this::head);
    }

    private void head(int task) {
        int b = task / input.q().heads();
        int h = task % input.q().heads();
        LandmarkKeys head = LandmarkKeys.of(input, block, padding, b, h);
        head.prepareGradients();
        LandmarkTile tile = LandmarkTile.of(head);
        tile.prepareGradients();
        int length = input.q().rows();
        for (int from = 0; from < length; ) {
            int rows = LandmarkTile.queriesFrom(from, length);
            tile(tile, head, b, h, from, rows);
            from += rows;
        }
        if (result.k() != null) {
            head.writeKeyGradients(result.k(), b, h);
        }
        if (result.v() != null) {
            head.writeValueGradients(result.v(), b, h);
        }
    }

    private void tile(LandmarkTile tile, LandmarkKeys head, int b, int h, int from, int rows) {
        int steps = LandmarkTile.steps(rows);
        float[] incoming = read(gradient, b, h, from, rows, GRADIENT, head.valueRow);
        float[] out = read(output.out(), b, h, from, rows, OUT, head.valueRow);
        float[] queryGradient = QUERY.atLeast(steps * head.keyRow);
        Arrays.fill(queryGradient, 0, steps * head.keyRow, 0);
        tile.loadQueries(input.q(), b, h, from, rows);
        int last = (from + rows - 1) / block;
        for (int first = 0; first <= last; first += tile.keyBlocks) {
            tile.multiply(rows, first, last);
            int columns = tile.count * head.slots;
            Matrix.multiply(steps, columns, head.valueWidth, incoming, 0, head.valueRow, 1, head.turnedValues,
                    first * head.slots,
                    head.all, tile.gradients, 0, tile.columns);
            differentiate(tile, head, b, h, from, rows, incoming, out);
            addKeyGradients(tile, head, rows, first, columns, incoming);
            Matrix.multiplyAdd(steps, head.keyRow, columns, tile.gradients, 0, tile.columns, 1, head.keys,
                    first * head.slots * head.keyRow, head.keyRow, queryGradient, 0, head.keyRow);
            Matrix.multiplyAdd(steps, head.keyRow, tile.count, tile.gateGradients, 0, tile.gateRow, 1, head.landmarks,
                    first * head.keyRow, head.keyRow, queryGradient, 0, head.keyRow);
        }
        if (result.q() != null) {
            Panels.scale(queryGradient, 0, rows * head.keyRow, tile.scale());
            Rows to = result.q();
            Panels.write(queryGradient, 0, head.keyRow, rows, to.width(), to.data(), to.offset(b, h, from),
                    to.rowStride());
        }
    }

    private void differentiate(LandmarkTile tile, LandmarkKeys head, int b, int h, int from, int rows, float[] incoming,
            float[] out) {
        long at = ((long) b * input.q().heads() + h) * input.q().rows() + from;
        for (int r = 0; r < rows; r++) {
            float lse = output.lse().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, at + r);
            if (tile.hide(r, from + r) == Float.NEGATIVE_INFINITY) { // sees nothing of this tile
                Arrays.fill(tile.logits, r * tile.columns, r * tile.columns + tile.count * head.slots, 0);
                Arrays.fill(tile.gradients, r * tile.columns, r * tile.columns + tile.count * head.slots, 0);
                Arrays.fill(tile.gateGradients, r * tile.gateRow, r * tile.gateRow + tile.count, 0);
                continue;
            }
            tile.differentiate(r, from + r, lse,
                    RowReduction.dot(incoming, r * head.valueRow, out, r * head.valueRow, head.valueWidth));
        }
    }

    private void addKeyGradients(LandmarkTile tile, LandmarkKeys head, int rows, int first, int columns,
            float[] incoming) {
        Matrix.multiplyAdd(columns, head.valueRow, rows, tile.logits, 0, 1, tile.columns, incoming, 0, head.valueRow,
                head.valueGradients, first * head.slots * head.valueRow, head.valueRow);
        Matrix.multiplyAdd(columns, head.keyRow, rows, tile.gradients, 0, 1, tile.columns, tile.queries, 0, head.keyRow,
                head.keyGradients, first * head.slots * head.keyRow, head.keyRow);
        Matrix.multiplyAdd(tile.count, head.keyRow, rows, tile.gateGradients, 0, 1, tile.gateRow, tile.queries, 0,
                head.keyRow,
                head.landmarkGradients, first * head.keyRow, head.keyRow);
    }

    private static float[] read(Rows from, int b, int h, int first, int rows, Scratch scratch, int row) {
        float[] to = scratch.atLeast(LandmarkTile.steps(rows) * row);
        Panels.read(from.data(), from.offset(b, h, first), from.rowStride(), rows, from.width(), to, 0, row);
        Arrays.fill(to, rows * row, LandmarkTile.steps(rows) * row, 0);
        return to;
    }
}
