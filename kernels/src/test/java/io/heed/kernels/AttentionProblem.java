package io.heed.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

import static org.assertj.core.api.Assertions.assertThat;

/** One random attention: its tensors in native memory with gaps between rows, and the comparison with the reference. */
final class AttentionProblem {
    static final float STALE = 12345f;
    // A gradient of the logits is a difference of numbers that grow with the value width.
    private static final double GRADIENT_FACTOR = 5;

    final int batch;
    final int heads;
    final int kvHeads;
    final int queries;
    final int keys;
    final int width;
    final int valueWidth;
    final AttentionSpec spec;
    final Rows q;
    final Rows k;
    final Rows v;
    final Rows dOut;
    final Rows out;
    final MemorySegment lse;
    final Rows dq;
    final Rows dk;
    final Rows dv;
    final double[] dLse;
    private final Arena arena;
    private final MemorySegment dLseMemory;
    private MemorySegment dTable;
    private Rows dDense;

    AttentionProblem(Arena arena, Random random, int batch, int heads, int kvHeads, int queries, int keys, int width,
            int valueWidth, float spread, boolean withLseGradient, AttentionSpec spec) {
        this.arena = arena;
        this.batch = batch;
        this.heads = heads;
        this.kvHeads = kvHeads;
        this.queries = queries;
        this.keys = keys;
        this.width = width;
        this.valueWidth = valueWidth;
        this.spec = spec;
        boolean turned = random.nextBoolean();
        q = random(arena, random, batch, heads, queries, width, turned, spread);
        k = random(arena, random, batch, kvHeads, keys, width, turned, spread);
        v = random(arena, random, batch, kvHeads, keys, valueWidth, !turned, 1);
        dOut = random(arena, random, batch, heads, queries, valueWidth, turned, 1);
        out = rows(arena, batch, heads, queries, valueWidth, turned, 3);
        dq = rows(arena, batch, heads, queries, width, turned, 0);
        dk = rows(arena, batch, kvHeads, keys, width, !turned, 2);
        dv = rows(arena, batch, kvHeads, keys, valueWidth, turned, 1);
        lse = arena.allocate(4L * batch * heads * queries + 4);
        boolean given = withLseGradient && spec.normalizer() == Normalizer.SOFTMAX;
        dLse = given ? IntStream.range(0, batch * heads * queries)
                .mapToDouble(i -> (float) random.nextGaussian()).toArray() : null;
        dLseMemory = given ? arena.allocate(4L * dLse.length + 4) : null;
        for (int i = 0; given && i < dLse.length; i++) {
            dLseMemory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) dLse[i]);
        }
    }

    static Rows rows(Arena arena, int batch, int heads, int rows, int width, boolean turned, int gap) {
        long row = width + gap;
        MemorySegment data = arena.allocate(4 * (batch * heads * rows * row + gap + 1), 64);
        for (long i = 0; i < data.byteSize() / 4; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, STALE);
        }
        // Turned: (B, N, H, d) in memory.
        return turned ? new Rows(data, batch, heads, rows, width, rows * heads * row, row, heads * row)
                : new Rows(data, batch, heads, rows, width, heads * rows * row, rows * row, row);
    }

    static Rows random(Arena arena, Random random, int batch, int heads, int rows, int width, boolean turned,
            float spread) {
        Rows view = rows(arena, batch, heads, rows, width, turned, random.nextInt(4));
        for (int b = 0; b < batch; b++) {
            for (int h = 0; h < heads; h++) {
                for (int i = 0; i < rows; i++) {
                    for (int c = 0; c < width; c++) {
                        view.data().setAtIndex(ValueLayout.JAVA_FLOAT, view.offset(b, h, i) + c,
                                (float) random.nextGaussian() * spread);
                    }
                }
            }
        }
        return view;
    }

    /** Runs forward and backward. */
    void run() {
        boolean softmax = spec.normalizer() == Normalizer.SOFTMAX;
        Attention.forward(q, k, v, out, softmax ? lse : null, spec);
        AttentionGradients gradients = AttentionGradients.of(dq, dk, dv);
        if (spec.bias() instanceof Bias.RelativeTable t) {
            dTable = arena.allocate(4L * heads * t.width());
            dTable.fill((byte) 77);
            gradients = gradients.withRelativeTable(dTable);
        } else if (spec.bias() instanceof Bias.Dense d) {
            dDense = rows(arena, d.values().batch(), d.values().heads(), queries, keys, false, 2);
            gradients = gradients.withDenseBias(dDense);
        }
        Attention.backward(q, k, v, softmax ? out : null, softmax ? lse : null, dOut, dLseMemory, gradients, spec);
    }

    /** Compares everything that {@link #run} wrote with the reference. */
    void verify(double tolerance) {
        NaiveAttention naive = new NaiveAttention(q, k, v, spec);
        naive.backward(dOut, dLse);
        close("out", floats(out), naive.out, tolerance);
        if (spec.normalizer() == Normalizer.SOFTMAX) {
            close("lse", floats(lse, naive.lse.length), naive.lse, tolerance);
        }
        close("dv", floats(dv), naive.dv, GRADIENT_FACTOR * tolerance);
        close("dq", floats(dq), naive.dq, naive.logitGradientSize, GRADIENT_FACTOR * tolerance);
        close("dk", floats(dk), naive.dk, naive.logitGradientSize, GRADIENT_FACTOR * tolerance);
        if (dTable != null) {
            close("relative table gradient", floats(dTable, naive.dTable.length), naive.dTable,
                    GRADIENT_FACTOR * tolerance);
        }
        if (dDense != null) {
            close("dense bias gradient", floats(dDense), naive.dDense, GRADIENT_FACTOR * tolerance);
        }
    }

    /** A hash of the bits of everything that {@link #run} wrote. */
    long digest() {
        long hash = 0;
        for (Rows rows : new Rows[] {out, dq, dk, dv, dDense}) {
            hash = 31 * hash + (rows == null ? 0 : Arrays.hashCode(floats(rows)));
        }
        hash = 31 * hash + (dTable == null ? 0 : Arrays.hashCode(dTable.toArray(ValueLayout.JAVA_FLOAT)));
        return 31 * hash + Arrays.hashCode(floats(lse, batch * heads * queries));
    }

    static float[] floats(Rows rows) {
        float[] x = new float[rows.batch() * rows.heads() * rows.rows() * rows.width()];
        int at = 0;
        for (int b = 0; b < rows.batch(); b++) {
            for (int h = 0; h < rows.heads(); h++) {
                for (int i = 0; i < rows.rows(); i++) {
                    for (int c = 0; c < rows.width(); c++) {
                        x[at++] = rows.data().getAtIndex(ValueLayout.JAVA_FLOAT, rows.offset(b, h, i) + c);
                    }
                }
            }
        }
        return x;
    }

    static float[] floats(MemorySegment data, int count) {
        return data.asSlice(0, 4L * count).toArray(ValueLayout.JAVA_FLOAT);
    }

    /** Largest difference, relative to the larger of 1 and the largest expected value. */
    private void close(String what, float[] got, double[] expected, double tolerance) {
        close(what, got, expected, 1, tolerance);
    }

    /** The same, relative also to the size of the terms that an expected value is the sum of. */
    private void close(String what, float[] got, double[] expected, double size, double tolerance) {
        assertThat(got).as(what).hasSameSizeAs(expected);
        double largest = Math.max(1, size);
        for (double e : expected) {
            largest = Double.isInfinite(e) ? largest : Math.max(largest, Math.abs(e));
        }
        for (int i = 0; i < got.length; i++) {
            boolean same = Double.isInfinite(expected[i]) ? got[i] == expected[i]
                    : Math.abs(got[i] - expected[i]) <= tolerance * largest;
            if (!same) {
                assertThat((double) got[i]).as("%s[%d] of %s", what, i, this).isEqualTo(expected[i]);
            }
        }
    }

    @Override
    public String toString() {
        return "B " + batch + ", H " + heads + ", Hkv " + kvHeads + ", Nq " + queries + ", Nk " + keys + ", d " + width
                + ", dv " + valueWidth + ", " + spec;
    }
}
