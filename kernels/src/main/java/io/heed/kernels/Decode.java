package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Attention of one new position of every sequence over a key/value cache: bound by the memory that holds the cache,
 * which is read once; a cached head serves all its query heads from the first cache.
 *
 * <p>Keys are cut into parts, so that few heads still occupy all threads, and the parts are combined exactly by their
 * log-sum-exp. The cut depends on shapes and lengths alone: results are the same bits for any number of threads.
 */
public final class Decode {
    private static final int WIDEST = 256;

    private Decode() { }

    /**
     * Attends. What the cache holds past a sequence's length is never read.
     *
     * @param q      (B, H, 1, d), H a multiple of Hkv: query head h uses cached head h / (H / Hkv)
     * @param keys   (B, Hkv, capacity, d)
     * @param values (B, Hkv, capacity, dv)
     * @param out    (B, H, 1, dv); 0 for a sequence of length 0
     * @param lse    receives ln(sum_j exp(s_j)), (B, H) contiguous floats, -infinity for a sequence of length 0; null
     *               when not wanted, and for sigmoid, which has none
     * @throws IllegalArgumentException when shapes do not fit, naming the argument and both numbers
     */
    public static void attend(Rows q, Rows keys, Rows values, Rows out, MemorySegment lse, DecodeSpec spec) {
        Arguments.required("q", q);
        Arguments.required("keys", keys);
        Arguments.required("values", values);
        Arguments.required("out", out);
        Arguments.required("spec", spec);
        Arguments.equal("q rows", q.rows(), 1);
        Arguments.range("q width", q.width(), 1, WIDEST);
        Arguments.range("values width", values.width(), 1, WIDEST);
        Arguments.shape("keys", keys, q.batch(), keys.heads(), keys.rows(), q.width());
        Arguments.shape("values", values, q.batch(), keys.heads(), keys.rows(), values.width());
        Arguments.shape("out", out, q.batch(), q.heads(), 1, values.width());
        if (keys.heads() == 0 ? q.heads() > 0 : q.heads() % keys.heads() != 0) {
            throw new IllegalArgumentException("q has " + q.heads() + " heads, must be a multiple of the cache's "
                    + keys.heads());
        }
        spec.check(q.batch(), q.heads(), keys.rows());
        if (lse != null) {
            if (spec.normalizer() == Normalizer.SIGMOID) {
                throw new IllegalArgumentException("lse: sigmoid has no log-sum-exp, pass null");
            }
            checkLse("lse", lse, out);
        }
        if (q.batch() > 0 && q.heads() > 0) {
            new DecodeCall(q, keys, values, out, lse, spec).run();
        }
    }

    /**
     * Attends by softmax over keys and values in pages. Sequence b sees its positions before {@code sinks} and its last
     * {@code window}; a sequence's result has the same bits whichever other sequences are in the call.
     *
     * @param q      (B, H, 1, d), H a multiple of Hkv: query head h uses cached head h / (H / Hkv)
     * @param keys   pages of d floats a row
     * @param values pages of dv floats a row, with the tables of the keys
     * @param out    (B, H, 1, dv); 0 for a sequence of length 0
     * @param spec   softmax without bias or slopes; its lengths are required
     * @param sinks  first positions that are always seen; 0 for none
     * @param window last positions that are seen; 0 for all
     * @throws IllegalArgumentException when shapes do not fit, naming the argument and both numbers
     */
    public static void attend(Rows q, Pages keys, Pages values, Rows out, DecodeSpec spec, int sinks, int window) {
        Arguments.required("q", q);
        Arguments.required("keys", keys);
        Arguments.required("values", values);
        Arguments.required("out", out);
        Arguments.required("spec", spec);
        Arguments.equal("q rows", q.rows(), 1);
        Arguments.range("q width", q.width(), 1, WIDEST);
        Arguments.range("values width", values.width(), 1, WIDEST);
        Arguments.equal("keys width", keys.width(), q.width());
        Arguments.equal("keys batch", keys.batch(), q.batch());
        Arguments.equal("values batch", values.batch(), q.batch());
        Arguments.equal("values heads", values.heads(), keys.heads());
        Arguments.equal("values page rows", values.pageRows(), keys.pageRows());
        Arguments.shape("out", out, q.batch(), q.heads(), 1, values.width());
        Arguments.equal("q heads modulo the cache's " + keys.heads(), q.heads() % keys.heads(), 0);
        Arguments.range("sinks", sinks, 0, Integer.MAX_VALUE);
        Arguments.range("window", window, 0, Integer.MAX_VALUE);
        if (spec.normalizer() != Normalizer.SOFTMAX || spec.logitBias() != 0 || spec.slopes().length > 0) {
            throw new IllegalArgumentException("pages are attended by softmax without bias or slopes, got " + spec);
        }
        int[] lengths = spec.lengths();
        Arguments.equal("lengths", lengths.length, q.batch());
        for (int b = 0; b < lengths.length; b++) {
            Arguments.range("length", lengths[b], 0, Integer.MAX_VALUE);
            keys.check("keys", b, lengths[b]);
            values.check("values", b, lengths[b]);
        }
        if (q.batch() > 0 && q.heads() > 0) {
            new PagedDecodeCall(q, keys, values, out, spec, sinks, window).run();
        }
    }

    /**
     * Combines softmax attention over two disjoint sets of keys, exactly. The result may be the same memory as either.
     *
     * @param outA attention over the first set, (B, H, N, dv)
     * @param lseA its log-sum-exp, (B, H, N) contiguous floats; -infinity where the set is empty
     * @param outB attention over the second set
     * @param lseB its log-sum-exp
     * @param out  attention over the union; 0 where both are empty
     * @param lse  its log-sum-exp, or null when not wanted
     * @throws IllegalArgumentException when shapes do not fit, naming the argument and both numbers
     */
    public static void merge(Rows outA, MemorySegment lseA, Rows outB, MemorySegment lseB, Rows out,
            MemorySegment lse) {
        Arguments.required("outA", outA);
        Arguments.required("lseA", lseA);
        Arguments.required("outB", outB);
        Arguments.required("lseB", lseB);
        Arguments.required("out", out);
        Arguments.shape("outB", outB, outA.batch(), outA.heads(), outA.rows(), outA.width());
        Arguments.shape("out", out, outA.batch(), outA.heads(), outA.rows(), outA.width());
        checkLse("lseA", lseA, outA);
        checkLse("lseB", lseB, outA);
        if (lse != null) {
            checkLse("lse", lse, outA);
        }
        Workers.run(outA.batch() * outA.heads(), head -> {
            for (int row = 0; row < outA.rows(); row++) {
                mergeRow(outA, lseA, outB, lseB, out, lse, head, row);
            }
        });
    }

    private static void mergeRow(Rows outA, MemorySegment lseA, Rows outB, MemorySegment lseB, Rows out,
            MemorySegment lse,
            int head, int row) {
        long index = (long) head * outA.rows() + row;
        double a = lseA.getAtIndex(ValueLayout.JAVA_FLOAT, index);
        double b = lseB.getAtIndex(ValueLayout.JAVA_FLOAT, index);
        double greatest = Math.max(a, b);
        boolean empty = greatest == Double.NEGATIVE_INFINITY;
        double weightA = empty ? 0 : Math.exp(a - greatest);
        double weightB = empty ? 0 : Math.exp(b - greatest);
        double sum = empty ? 1 : weightA + weightB;
        float shareA = (float) (weightA / sum);
        float shareB = (float) (weightB / sum);
        int batch = head / outA.heads();
        int h = head % outA.heads();
        for (int i = 0; i < outA.width(); i++) {
            // a part without keys counts nothing, whatever its output holds
            float x = shareA == 0 ? 0 : shareA * get(outA, batch, h, row, i);
            float y = shareB == 0 ? 0 : shareB * get(outB, batch, h, row, i);
            out.data().setAtIndex(ValueLayout.JAVA_FLOAT, out.offset(batch, h, row) + i, x + y);
        }
        if (lse != null) {
            lse.setAtIndex(ValueLayout.JAVA_FLOAT, index, (float) (empty ? greatest : greatest + Math.log(sum)));
        }
    }

    private static float get(Rows rows, int b, int h, int row, int column) {
        return rows.data().getAtIndex(ValueLayout.JAVA_FLOAT, rows.offset(b, h, row) + column);
    }

    private static void checkLse(String name, MemorySegment lse, Rows out) {
        Rows.checkShared(name, lse);
        long floats = (long) out.batch() * out.heads() * out.rows();
        if (lse.byteSize() < floats * Float.BYTES) {
            throw new IllegalArgumentException(name + " holds " + lse.byteSize() / Float.BYTES + " floats, must hold "
                    + floats);
        }
    }
}
