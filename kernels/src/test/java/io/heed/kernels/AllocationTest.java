package io.heed.kernels;

import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

import com.sun.management.ThreadMXBean;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Vectors must stay in registers also in a JVM in which kernels have run in all their variants, when every branch has
 * been taken and every call site has seen all kinds. A loop in which the compiler gives up makes an object of each
 * vector, several times the size of the vectors that it goes through. Scans over ragged widths depend on what the
 * compiler chooses to inline and are not held here: {@link KernelCalls#main} prints what every call allocates.
 */
class AllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int POLLUTING_ROUNDS = 5;
    private static final long DEADLINE_NANOS = 30_000_000_000L;

    @Test
    void attentionOverEdgesKeepsVectorsInRegistersWhicheverScoresHaveRun() {
        check(KernelCalls::edges, 2);
    }

    @Test
    void denseAttentionDoesWhicheverNormalisersMasksAndBiasesHaveRun() {
        check(KernelCalls::attention, 1);
    }

    /** Goes round all calls until each has once allocated less than this part of its vectors, or time is out. */
    private static void check(Function<Arena, List<KernelCalls.Call>> kernels, int part) {
        try (Arena arena = Arena.ofShared()) {
            List<KernelCalls.Call> calls = kernels.apply(arena);
            for (int round = 0; round < POLLUTING_ROUNDS; round++) {
                calls.forEach(call -> call.run().run());
            }
            long[] least = new long[calls.size()];
            Arrays.fill(least, Long.MAX_VALUE);
            long start = System.nanoTime();
            boolean all = false;
            while (!all && System.nanoTime() - start < DEADLINE_NANOS) {
                all = true;
                for (int i = 0; i < least.length; i++) {
                    least[i] = Math.min(least[i], allocated(calls.get(i).run()));
                    all &= least[i] < calls.get(i).bytes() / part;
                }
            }
            for (int i = 0; i < least.length; i++) {
                assertThat(least[i]).as("bytes allocated by %s", calls.get(i).name())
                        .isLessThan(calls.get(i).bytes() / part);
            }
        }
    }

    static long allocated(Runnable run) {
        long before = THREADS.getTotalThreadAllocatedBytes();
        run.run();
        return THREADS.getTotalThreadAllocatedBytes() - before;
    }
}
