package io.heed.kernels;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** The forward pass of one call of landmark attention: a task is a head. */
final class LandmarkForward {
    private static final Scratch ACCUMULATOR = new Scratch();
    private static final Scratch REFERENCE = new Scratch();
    private static final Scratch SUM = new Scratch();

    private final LandmarkAttention.Input input;
    private final LandmarkAttention.Output output;
    private final int block;
    private final KeyPadding padding;

    LandmarkForward(LandmarkAttention.Input input, LandmarkAttention.Output output, int block, KeyPadding padding) {
        this.input = input;
        this.output = output;
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
        LandmarkTile tile = LandmarkTile.of(head);
        int length = input.q().rows();
        for (int from = 0; from < length; ) {
            int rows = LandmarkTile.queriesFrom(from, length);
            tile(tile, head, b, h, from, rows);
            from += rows;
        }
    }

    private void tile(LandmarkTile tile, LandmarkKeys head, int b, int h, int from, int rows) {
        int steps = LandmarkTile.steps(rows);
        float[] accumulator = ACCUMULATOR.atLeast(steps * head.valueRow);
        float[] reference = REFERENCE.atLeast(rows);
        float[] sum = SUM.atLeast(rows);
        Arrays.fill(accumulator, 0, steps * head.valueRow, 0);
        Arrays.fill(reference, 0, rows, Float.NEGATIVE_INFINITY);
        Arrays.fill(sum, 0, rows, 0);
        tile.loadQueries(input.q(), b, h, from, rows);
        int last = (from + rows - 1) / block;
        for (int first = 0; first <= last; first += tile.keyBlocks) {
            tile.multiply(rows, first, last);
            for (int r = 0; r < rows; r++) {
                float larger = Math.max(reference[r], tile.hide(r, from + r));
                if (larger == Float.NEGATIVE_INFINITY) {
                    Arrays.fill(tile.logits, r * tile.columns, r * tile.columns + tile.count * head.slots, 0);
                    continue;
                }
                if (larger > reference[r]) {
                    float factor = (float) Math.exp(reference[r] - larger);
                    Panels.scale(accumulator, r * head.valueRow, head.valueRow, factor);
                    sum[r] *= factor;
                    reference[r] = larger;
                }
                sum[r] += tile.weigh(r, from + r, larger);
            }
            Matrix.multiplyAdd(steps, head.valueRow, tile.count * head.slots, tile.logits, 0, tile.columns, 1,
                    head.values,
                    first * head.slots * head.valueRow, head.valueRow, accumulator, 0, head.valueRow);
        }
        write(head, b, h, from, rows, accumulator, reference, sum);
    }

    private void write(LandmarkKeys head, int b, int h, int from, int rows, float[] accumulator, float[] reference,
            float[] sum) {
        Rows out = output.out();
        long at = ((long) b * out.heads() + h) * out.rows() + from;
        for (int r = 0; r < rows; r++) {
            Panels.scale(accumulator, r * head.valueRow, head.valueRow, sum[r] == 0 ? 0 : 1 / sum[r]);
            float lse = sum[r] == 0 ? Float.NEGATIVE_INFINITY : reference[r] + (float) Math.log(sum[r]);
            output.lse().setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, at + r, lse);
        }
        Panels.write(accumulator, 0, head.valueRow, rows, out.width(), out.data(), out.offset(b, h, from),
                out.rowStride());
    }
}
