package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Sums the gradients of the logits into the gradient of the bias that was added to them. Distances of a relative table
 * are summed for each task apart and then in the order of the tasks; a dense bias is summed in place, so tasks that
 * run at once must not share any of its elements.
 */
final class BiasGradient {
    private static final ValueLayout.OfFloat LAYOUT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private final AttentionShape shape;
    private final Bias bias;
    private final MemorySegment table;
    private final Rows dense;

    BiasGradient(AttentionShape shape, AttentionSpec spec, AttentionGradients gradients) {
        this.shape = shape;
        bias = spec.bias();
        table = gradients.relativeTable();
        dense = gradients.denseBias();
    }

    boolean isWanted() {
        return table != null || dense != null;
    }

    /** Whether two key/value heads add to one element of a dense bias and must not run at once. */
    boolean sharesHeads() {
        return dense != null && (dense.batch() < shape.batch() || dense.heads() < shape.heads());
    }

    /** Floats that each task needs for one query head's table; 0 where no table is wanted. */
    int tableWidth() {
        return table != null && bias instanceof Bias.RelativeTable relative ? relative.width() : 0;
    }

    /** Writes zeros everywhere. */
    void clear() {
        if (table != null) {
            table.asSlice(0, (long) shape.heads() * tableWidth() * Float.BYTES).fill((byte) 0);
        }
        if (dense != null) {
            int rows = dense.rows();
            Workers.run(dense.batch() * dense.heads(), task -> {
                for (int i = 0; i < rows; i++) {
                    long from = dense.offset(task / dense.heads(), task % dense.heads(), i) * Float.BYTES;
                    dense.data().asSlice(from, (long) dense.width() * Float.BYTES).fill((byte) 0);
                }
            });
        }
    }

    /**
     * Adds the gradients of query i's logits for {@code length} keys from {@code key}; hidden ones are 0.
     *
     * @param sums   the task's table sums
     * @param sumsAt where those of this head start
     */
    void add(float[] gradients, int at, int length, int b, int head, int i, int key, float[] sums, int sumsAt) {
        int count = Math.min(length, shape.keys() - key);
        if (dense != null) {
            long to = dense.offset(dense.batch() == 1 ? 0 : b, dense.heads() == 1 ? 0 : head, i) + key;
            for (int j = 0; j < count; j++) {
                dense.data().set(LAYOUT, (to + j) * Float.BYTES,
                        dense.data().get(LAYOUT, (to + j) * Float.BYTES) + gradients[at + j]);
            }
        }
        if (table != null && bias instanceof Bias.RelativeTable relative) {
            long distance = (long) key - i - relative.offset();
            for (int j = 0; j < count; j++) {
                int entry = (int) Math.clamp(distance + j, (long) -relative.left(), relative.right()) + relative.left();
                sums[sumsAt + entry] += gradients[at + j];
            }
        }
    }

    /** Adds one task's table sums of one head to the result. */
    void collect(float[] sums, int sumsAt, int head) {
        int width = tableWidth();
        for (int e = 0; e < width; e++) {
            long at = ((long) head * width + e) * Float.BYTES;
            table.set(LAYOUT, at, table.get(LAYOUT, at) + sums[sumsAt + e]);
        }
    }
}
