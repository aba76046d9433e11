package io.heed.kernels;

import java.util.Arrays;

/**
 * One call of {@link Decode} over pages. A task is one part of the visible keys of one cached head, for all query heads
 * that use it. The parts of a sequence follow from its own length alone, so that its result has the same bits whichever
 * other sequences are in the call.
 */
final class PagedDecodeCall {
    private static final Scratch QUERIES = new Scratch();
    private static final Scratch LOGITS = new Scratch();
    private static final Scratch WEIGHTS = new Scratch();
    private static final Scratch OUTPUTS = new Scratch();
    private static final Scratch REFERENCES = new Scratch();
    private static final Scratch SUMS = new Scratch();
    private static final Scratch ROW = new Scratch();

    /** Keys of a part; a multiple of what a page may hold would not help, as pages are cut anyway. */
    private static final int PART = 512;

    private final Rows q;
    private final Pages keys;
    private final Pages values;
    private final Rows out;
    private final DecodeSpec spec;
    private final int[] from; // first visible position of each sequence after the sinks
    private final int sinks;
    private final int group;
    private final int[] firstPart; // of each sequence, and the total
    private final int outRow;
    private final float[] outputs;
    private final float[] references;
    private final float[] sums;

    PagedDecodeCall(Rows q, Pages keys, Pages values, Rows out, DecodeSpec spec, int sinks, int window) {
        this.q = q;
        this.keys = keys;
        this.values = values;
        this.out = out;
        this.spec = spec;
        this.sinks = sinks;
        group = q.heads() / keys.heads();
        from = new int[q.batch()];
        firstPart = new int[q.batch() + 1];
        for (int b = 0; b < q.batch(); b++) {
            int length = spec.length(b, 0);
            // a window that begins within the sinks joins them
            from[b] = window == 0 || length - window <= sinks ? 0 : length - window;
            int visible = from[b] == 0 ? length : length - from[b] + sinks;
            firstPart[b + 1] = firstPart[b] + Math.max(1, (visible + PART - 1) / PART);
        }
        outRow = Panels.padded(values.width());
        long rows = (long) firstPart[q.batch()] * q.heads();
        outputs = OUTPUTS.atLeast(rows * outRow, "parts of the output");
        references = REFERENCES.atLeast(rows, "parts of the output");
        sums = SUMS.atLeast(rows * Lanes.COUNT, "parts of the output");
    }

    void run() {
        Workers.run(firstPart[q.batch()] * keys.heads(), this::part);
        float[] row = ROW.atLeast(outRow);
        for (int b = 0; b < q.batch(); b++) {
            for (int h = 0; h < q.heads(); h++) {
                combine(b, h, row);
            }
        }
    }

    /** Rows of a head's parts lie together: ((part of all sequences) H + h). */
    private int slot(int part, int h) {
        return part * q.heads() + h;
    }

    private void part(int task) {
        int part = task / keys.heads();
        int cached = task % keys.heads();
        int b = Arrays.binarySearch(firstPart, part);
        b = b < 0 ? -b - 2 : b;
        int width = q.width();
        int queryRow = Panels.padded(width);
        float[] queries = QUERIES.atLeast(group * queryRow);
        for (int g = 0; g < group; g++) {
            int h = cached * group + g;
            int slot = slot(part, h);
            Panels.read(q.data(), q.offset(b, h, 0), q.rowStride(), 1, width, queries, g * queryRow, queryRow);
            Panels.scale(queries, g * queryRow, queryRow, spec.scaleFor(width) * Exponential.LOG2_E);
            Arrays.fill(outputs, slot * outRow, (slot + 1) * outRow, 0);
            Arrays.fill(sums, slot * Lanes.COUNT, (slot + 1) * Lanes.COUNT, 0);
            references[slot] = SoftmaxRows.UNSEEN;
        }
        int length = spec.length(b, 0);
        int visible = from[b] == 0 ? length : length - from[b] + sinks;
        int begin = (part - firstPart[b]) * PART;
        int end = Math.min(visible, begin + PART);
        if (begin < end) {
            attend(b, cached, part, begin, end, queries, queryRow);
        }
    }

    /** Position of the i-th visible key. */
    private int position(int b, int i) {
        return from[b] == 0 || i < sinks ? i : i - sinks + from[b];
    }

    /** Visible keys that follow each other in one page from the i-th on, {@code most} at most. */
    private int run(int b, int i, int most) {
        int inPage = keys.pageRows() - position(b, i) % keys.pageRows();
        int toJump = from[b] != 0 && i < sinks ? sinks - i : most;
        return Math.min(most, Math.min(inPage, toJump));
    }

    private void attend(int b, int cached, int part, int begin, int end, float[] queries, int queryRow) {
        int count = end - begin;
        int padded = Panels.padded(count);
        float[] logits = LOGITS.atLeast(padded + Lanes.COUNT);
        float[] weights = WEIGHTS.atLeast(padded + Lanes.COUNT);
        long step = (long) keys.width() * Float.BYTES;
        for (int g = 0; g < group; g++) {
            int slot = slot(part, cached * group + g);
            for (int i = begin; i < end; ) {
                int many = run(b, i, end - i);
                int j = position(b, i);
                CachedKeys.dots(keys.segment(b, j), keys.at(b, cached, j), step, many, keys.width(), queries,
                        g * queryRow,
                        logits, i - begin);
                i += many;
            }
            Arrays.fill(logits, count, padded, Float.NEGATIVE_INFINITY);
            SoftmaxRows.update(logits, 0, padded, weights, references, sums, slot, outputs, slot * outRow, outRow);
            for (int i = begin; i < end; ) {
                int many = run(b, i, end - i);
                int j = position(b, i);
                CachedKeys.addWeighted(values.segment(b, j), values.at(b, cached, j), (long) values.width()
                        * Float.BYTES, many,
                        values.width(), weights, i - begin, outputs, slot * outRow);
                i += many;
            }
        }
    }

    private void combine(int b, int h, float[] row) {
        float reference = SoftmaxRows.UNSEEN;
        for (int part = firstPart[b]; part < firstPart[b + 1]; part++) {
            reference = Math.max(reference, references[slot(part, h)]);
        }
        Arrays.fill(row, 0, outRow, 0);
        double sum = 0;
        for (int part = firstPart[b]; part < firstPart[b + 1]; part++) {
            int slot = slot(part, h);
            float factor = (float) Math.pow(2, (double) references[slot] - reference);
            sum += (double) factor * RowReduction.sum(sums, slot * Lanes.COUNT, Lanes.COUNT);
            for (int i = 0; i < outRow; i++) {
                row[i] = Math.fma(outputs[slot * outRow + i], factor, row[i]);
            }
        }
        Panels.scale(row, 0, outRow, sum == 0 ? 0 : (float) (1 / sum));
        Panels.write(row, 0, outRow, 1, values.width(), out.data(), out.offset(b, h, 0), out.rowStride());
    }
}
