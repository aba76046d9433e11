package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** One call of {@link Decode}. A task is one part of the keys of one cached head, for all query heads that use it. */
final class DecodeCall {
    private static final Scratch QUERIES = new Scratch();
    private static final Scratch LOGITS = new Scratch();
    private static final Scratch WEIGHTS = new Scratch();
    private static final Scratch OUTPUTS = new Scratch();
    private static final Scratch REFERENCES = new Scratch();
    private static final Scratch SUMS = new Scratch();
    private static final Scratch ROW = new Scratch();

    /**
     * Floats of keys that one query passes over before their values: few enough to stay in the second cache for the
     * other query heads, enough that memory is read in long stretches.
     */
    private static final int TILE_FLOATS = 32_768;
    private static final int LONGEST_TILE = 512;
    private static final int PART_STEP = 64;
    /** Tasks that keep many cores busy. */
    private static final int ENOUGH_TASKS = 64;
    private static final int SHORTEST_PART = 512;

    private final Rows q;
    private final Rows keys;
    private final Rows values;
    private final Rows out;
    private final MemorySegment lse;
    private final DecodeSpec spec;
    private final boolean softmax;
    private final int group; // query heads to one cached head
    private final int parts;
    private final int partLength;
    private final int tile; // keys
    private final int outRow; // dv, padded to whole vectors
    // one row for each query head and part: ((b H + h) parts + part)
    private final float[] outputs;
    private final float[] references;
    private final float[] sums;

    DecodeCall(Rows q, Rows keys, Rows values, Rows out, MemorySegment lse, DecodeSpec spec) {
        this.q = q;
        this.keys = keys;
        this.values = values;
        this.out = out;
        this.lse = lse;
        this.spec = spec;
        softmax = spec.normalizer() == Normalizer.SOFTMAX;
        group = q.heads() / keys.heads();
        int longest = 0;
        for (int b = 0; b < q.batch(); b++) {
            longest = Math.max(longest, spec.length(b, keys.rows()));
        }
        int wanted = ceilDiv(ENOUGH_TASKS, Math.multiplyExact(q.batch(), keys.heads()));
        partLength = Math.max(SHORTEST_PART, ceilDiv(ceilDiv(longest, wanted), PART_STEP) * PART_STEP);
        parts = Math.max(1, ceilDiv(longest, partLength));
        tile = Math.min(LONGEST_TILE, TILE_FLOATS / Math.max(q.width(), values.width()));
        outRow = Panels.padded(values.width());
        long rows = (long) q.batch() * q.heads() * parts;
        outputs = OUTPUTS.atLeast(rows * outRow, "parts of the output");
        references = REFERENCES.atLeast(rows, "parts of the output");
        sums = SUMS.atLeast(rows * Lanes.COUNT, "parts of the output");
    }

    void run() {
        Workers.run(q.batch() * keys.heads() * parts, this::part);
        float[] row = ROW.atLeast(outRow);
        for (int b = 0; b < q.batch(); b++) {
            for (int h = 0; h < q.heads(); h++) {
                combine(b, h, row);
            }
        }
    }

    private int slot(int b, int h, int part) {
        return (b * q.heads() + h) * parts + part;
    }

    private void part(int task) {
        int part = task % parts;
        int cached = task / parts % keys.heads();
        int b = task / parts / keys.heads();
        int length = spec.length(b, keys.rows());
        int width = q.width();
        int queryRow = Panels.padded(width);
        float[] queries = QUERIES.atLeast(group * queryRow);
        float[] logits = LOGITS.atLeast(tile + Lanes.COUNT);
        float[] weights = WEIGHTS.atLeast(tile + Lanes.COUNT);
        // softmax wants logits, sigmoid negated ones, both in powers of two
        float factor = spec.scaleFor(width) * Exponential.LOG2_E * (softmax ? 1 : -1);
        for (int g = 0; g < group; g++) {
            int h = cached * group + g;
            int slot = slot(b, h, part);
            Panels.read(q.data(), q.offset(b, h, 0), q.rowStride(), 1, width, queries, g * queryRow, queryRow);
            Panels.scale(queries, g * queryRow, queryRow, factor);
            Arrays.fill(outputs, slot * outRow, (slot + 1) * outRow, 0);
            Arrays.fill(sums, slot * Lanes.COUNT, (slot + 1) * Lanes.COUNT, 0);
            references[slot] = SoftmaxRows.UNSEEN;
        }
        int to = (int) Math.min(length, (part + 1L) * partLength);
        for (int first = part * partLength; first < to; first += tile) {
            int count = Math.min(tile, to - first);
            for (int g = 0; g < group; g++) {
                tile(b, cached, cached * group + g, part, first, count, length, queries, g * queryRow, logits, weights);
            }
        }
    }

    private void tile(int b, int cached, int h, int part, int first, int count, int length, float[] queries,
            int queryAt,
            float[] logits, float[] weights) {
        CachedKeys.dots(keys.data(), keys.offset(b, cached, first) * Float.BYTES, keys.rowStride() * Float.BYTES, count,
                q.width(), queries, queryAt, logits, 0);
        float slope = spec.slope(h) * Exponential.LOG2_E * (softmax ? 1 : -1);
        if (slope != 0) {
            for (int j = 0; j < count; j++) {
                logits[j] += slope * (first + j - (length - 1));
            }
        }
        int slot = slot(b, h, part);
        int padded = Panels.padded(count);
        if (softmax) {
            Arrays.fill(logits, count, padded, Float.NEGATIVE_INFINITY);
            SoftmaxRows.update(logits, 0, padded, weights, references, sums, slot, outputs, slot * outRow, outRow);
        } else {
            Arrays.fill(logits, count, padded, 0);
            SigmoidRows.weigh(logits, 0, padded, weights, -spec.logitBias() * Exponential.LOG2_E);
        }
        CachedKeys.addWeighted(values.data(), values.offset(b, cached, first) * Float.BYTES,
                values.rowStride() * Float.BYTES, count, values.width(), weights, 0, outputs, slot * outRow);
    }

    /** Adds the parts of one query head, in their order. */
    private void combine(int b, int h, float[] row) {
        int first = slot(b, h, 0);
        float reference = SoftmaxRows.UNSEEN;
        for (int slot = first; slot < first + parts; slot++) {
            reference = Math.max(reference, references[slot]);
        }
        Arrays.fill(row, 0, outRow, 0);
        double sum = 0;
        for (int slot = first; slot < first + parts; slot++) {
            float factor = softmax ? (float) Math.pow(2, (double) references[slot] - reference) : 1;
            sum += (double) factor * RowReduction.sum(sums, slot * Lanes.COUNT, Lanes.COUNT);
            for (int i = 0; i < outRow; i++) {
                row[i] = Math.fma(outputs[slot * outRow + i], factor, row[i]);
            }
        }
        if (softmax) {
            Panels.scale(row, 0, outRow, sum == 0 ? 0 : (float) (1 / sum));
        }
        Panels.write(row, 0, outRow, 1, values.width(), out.data(), out.offset(b, h, 0), out.rowStride());
        if (lse != null) {
            double value = sum == 0 ? Double.NEGATIVE_INFINITY
                    : reference * Math.log(2) + Math.log(sum) + spec.logitBias();
            lse.setAtIndex(ValueLayout.JAVA_FLOAT, (long) b * q.heads() + h, (float) value);
        }
    }

    private static int ceilDiv(int a, int b) {
        return (int) (((long) a + b - 1) / b);
    }
}
