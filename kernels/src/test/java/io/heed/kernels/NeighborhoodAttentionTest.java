package io.heed.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class NeighborhoodAttentionTest {
    private static final double TOLERANCE = 2e-5;

    /** Grids, windows, strides, dilations, causal flags, widths and layouts drawn at random, against the definition. */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18})
    void equalsTheDefinition(long seed) {
        Layouts layouts = new Layouts(seed);
        NeighborhoodSpec spec = spec(layouts, 1 + (int) (seed % 3));
        Problem problem = new Problem(layouts, spec, layouts.between(1, 2), layouts.between(1, 3),
                layouts.between(1, 40), layouts.between(1, 40), seed % 2 == 0);
        problem.run();
        problem.check();
    }

    @Test
    void aLongRowOfKeysAndWideHeadsEqualTheDefinition() {
        Layouts layouts = new Layouts(0);
        Problem row = new Problem(layouts, NeighborhoodSpec.of(new int[] {300}, 120).withStride(7), 1, 1, 130, 70,
                true);
        row.run();
        row.check();
        Problem wide = new Problem(layouts, NeighborhoodSpec.of(new int[] {5, 41}, 2, 33), 1, 2, 8, 8, true);
        wide.run();
        wide.check();
    }

    @Test
    void everyWindowHasAllItsKeysEvenInCorners() {
        NeighborhoodReference reference = new NeighborhoodReference(
                NeighborhoodSpec.of(new int[] {7, 11}, 3, 4).withDilation(2, 1).withStride(1, 3));
        for (int query = 0; query < 77; query++) {
            int at = query;
            assertThat(IntStream.range(0, 77).filter(key -> reference.entry(at, key) >= 0).count()).isEqualTo(12);
        }
    }

    @Test
    void whatIsNotAskedForIsLeftOut() {
        Layouts layouts = new Layouts(3);
        Problem problem = new Problem(layouts, NeighborhoodSpec.of(new int[] {6, 7}, 3, 3), 1, 1, 8, 8, false);
        problem.run();
        Rows dv = layouts.empty(1, 1, 42, 8);
        NeighborhoodAttention.backward(problem.q, problem.k, problem.v, null, problem.out, problem.lse, problem.dOut,
                problem.dLse, new NeighborhoodGradients(null, null, dv, null), problem.spec);
        Layouts.assertClose("dv", dv, problem.dv, 0);
    }

    /** A thread that attends for the first time, once the code is compiled, allocates its scratch and little else. */
    @Test
    void keepsNoBufferOfTheWindowsSize() throws InterruptedException {
        NeighborhoodSpec spec = NeighborhoodSpec.of(new int[] {64, 64}, 13, 13);
        Layouts layouts = new Layouts(1);
        Rows q = layouts.normal(1, 1, 4096, 32);
        Rows out = layouts.empty(1, 1, 4096, 32);
        for (int i = 0; i < 40; i++) {
            NeighborhoodAttention.forward(q, q, q, null, out, null, spec);
        }
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long[] allocated = new long[1];
        Thread fresh = new Thread(() -> {
            long before = threads.getCurrentThreadAllocatedBytes();
            NeighborhoodAttention.forward(q, q, q, null, out, null, spec);
            allocated[0] = threads.getCurrentThreadAllocatedBytes() - before;
        });
        fresh.start();
        fresh.join();
        long weights = 4096L * 169 * Float.BYTES;
        assertThat(allocated[0]).isLessThan(NeighborhoodAttention.scratchBytes(spec, 32, 32) + 500_000)
                .isLessThan(weights);
    }

    @Test
    void whatDoesNotFitIsNamed() {
        Layouts layouts = new Layouts(2);
        NeighborhoodSpec spec = NeighborhoodSpec.of(new int[] {5, 5}, 3, 3);
        Rows q = layouts.normal(1, 2, 25, 8);
        Rows small = layouts.normal(1, 2, 24, 8);
        MemorySegment table = Arena.ofAuto().allocate(10 * Float.BYTES);
        assertThatThrownBy(() -> NeighborhoodAttention.forward(small, small, small, null, small, null, spec))
                .hasMessage("q rows is 24, must be 25");
        assertThatThrownBy(() -> NeighborhoodAttention.forward(q, small, q, null, q, null, spec))
                .hasMessage("k rows is 24, must be 25");
        assertThatThrownBy(() -> NeighborhoodAttention.forward(q, q, q, table, layouts.empty(1, 2, 25, 8), null, spec))
                .hasMessage("table floats is 10, must be 50");
        assertThatThrownBy(() -> NeighborhoodSpec.of(new int[] {2, 2, 2, 2}, 1, 1, 1, 1))
                .hasMessage("a grid has 1 to 3 axes, got 4");
        assertThatThrownBy(() -> NeighborhoodSpec.of(new int[] {4}, 5)).hasMessageContaining("the axis has 4");
    }

    /** A digest of all results of one problem with several tiles. */
    static int digest() {
        Layouts layouts = new Layouts(9);
        Problem problem = new Problem(layouts, NeighborhoodSpec.of(new int[] {70, 40}, 5, 7).withDilation(2, 1), 2, 2,
                16, 20, true);
        problem.run();
        return Arrays.deepHashCode(new float[][] {Layouts.elements(problem.out), Layouts.elements(problem.dq),
            Layouts.elements(problem.dk), Layouts.elements(problem.dv),
            problem.dTable.toArray(ValueLayout.JAVA_FLOAT)});
    }

    private static NeighborhoodSpec spec(Layouts layouts, int rank) {
        int[] sizes = new int[rank];
        int[] kernel = new int[rank];
        int[] stride = new int[rank];
        int[] dilation = new int[rank];
        boolean[] causal = new boolean[rank];
        for (int axis = 0; axis < rank; axis++) {
            sizes[axis] = layouts.between(1, rank == 1 ? 120 : rank == 2 ? 20 : 9);
            kernel[axis] = layouts.between(1, Math.min(sizes[axis], 9));
            dilation[axis] = layouts.between(1, sizes[axis] / kernel[axis]);
            stride[axis] = layouts.between(1, kernel[axis]);
            causal[axis] = layouts.between(0, 2) == 0;
        }
        return new NeighborhoodSpec(sizes, kernel, stride, dilation, causal, (float) layouts.uniform(0.1, 1));
    }

    private static final class Problem {
        final NeighborhoodSpec spec;
        final Rows q;
        final Rows k;
        final Rows v;
        final Rows dOut;
        final Rows out;
        final Rows dq;
        final Rows dk;
        final Rows dv;
        final MemorySegment lse;
        final MemorySegment dLse;
        final MemorySegment table;
        final MemorySegment dTable;

        Problem(Layouts layouts, NeighborhoodSpec spec, int batch, int heads, int width, int valueWidth,
                boolean biased) {
            this.spec = spec;
            int n = spec.tokens();
            q = layouts.normal(batch, heads, n, width);
            k = layouts.normal(batch, heads, n, width);
            v = layouts.normal(batch, heads, n, valueWidth);
            dOut = layouts.normal(batch, heads, n, valueWidth);
            out = layouts.empty(batch, heads, n, valueWidth);
            dq = layouts.empty(batch, heads, n, width);
            dk = layouts.empty(batch, heads, n, width);
            dv = layouts.empty(batch, heads, n, valueWidth);
            lse = floats(layouts, batch * heads * n);
            dLse = floats(layouts, batch * heads * n);
            table = biased ? floats(layouts, heads * spec.tableSize()) : null;
            dTable = biased ? floats(layouts, heads * spec.tableSize()) : null;
        }

        void run() {
            NeighborhoodAttention.forward(q, k, v, table, out, lse, spec);
            NeighborhoodAttention.backward(q, k, v, table, out, lse, dOut, dLse,
                    new NeighborhoodGradients(dq, dk, dv, dTable), spec);
        }

        void check() {
            NeighborhoodReference reference = new NeighborhoodReference(spec);
            int n = spec.tokens();
            for (int head = 0; head < q.heads(); head++) {
                double[] tableGradient = new double[spec.tableSize()];
                for (int b = 0; b < q.batch(); b++) {
                    int at = (b * q.heads() + head) * n;
                    NeighborhoodReference.Result want = reference.run(Layouts.head(q, b, head),
                            Layouts.head(k, b, head),
                            Layouts.head(v, b, head), table == null ? null : doubles(table, head * spec.tableSize(),
                                    spec.tableSize()), Layouts.head(dOut, b, head), doubles(dLse, at, n));
                    close("out", Layouts.head(out, b, head), want.out);
                    close("lse", new double[][] {doubles(lse, at, n)}, new double[][] {want.lse});
                    close("dq", Layouts.head(dq, b, head), want.dq);
                    close("dk", Layouts.head(dk, b, head), want.dk);
                    close("dv", Layouts.head(dv, b, head), want.dv);
                    for (int i = 0; i < tableGradient.length; i++) {
                        tableGradient[i] += want.dTable[i];
                    }
                }
                if (table != null) {
                    close("dTable", new double[][] {doubles(dTable, head * spec.tableSize(), spec.tableSize())},
                            new double[][] {tableGradient});
                }
            }
        }

        private static MemorySegment floats(Layouts layouts, int count) {
            MemorySegment memory = Arena.ofAuto().allocate((long) count * Float.BYTES, 64);
            for (int i = 0; i < count; i++) {
                memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) layouts.gaussian());
            }
            return memory;
        }

        private static double[] doubles(MemorySegment memory, int from, int count) {
            return IntStream.range(from, from + count).mapToDouble(i -> memory.getAtIndex(ValueLayout.JAVA_FLOAT, i))
                    .toArray();
        }

        private static void close(String name, double[][] got, double[][] want) {
            double scale = 1;
            for (double[] row : want) {
                for (double x : row) {
                    scale = Math.max(scale, Math.abs(x));
                }
            }
            for (int i = 0; i < want.length; i++) {
                for (int j = 0; j < want[i].length; j++) {
                    assertThat(Math.abs(got[i][j] - want[i][j])).as("%s[%d][%d] is %s, want %s", name, i, j, got[i][j],
                            want[i][j]).isLessThanOrEqualTo(TOLERANCE * scale);
                }
            }
        }
    }
}
