package io.heed.kernels;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class WorkersTest {
    @Test
    void runsEveryTaskOnce() {
        for (int count = 0; count < 200; count++) {
            AtomicIntegerArray runs = new AtomicIntegerArray(count);
            Workers.run(count, runs::incrementAndGet);
            for (int i = 0; i < count; i++) {
                assertThat(runs.get(i)).isEqualTo(1);
            }
        }
    }

    @Test
    void runsTasksStartedInsideATask() {
        AtomicInteger inner = new AtomicInteger();
        Workers.run(8, task -> Workers.run(5, inside -> inner.incrementAndGet()));
        assertThat(inner.get()).isEqualTo(40);
    }

    @Test
    void handsTheFirstFailureToTheCallerAndStaysUsable() {
        AtomicInteger ran = new AtomicInteger();
        assertThatThrownBy(() -> Workers.run(50, task -> {
            ran.incrementAndGet();
            if (task == 7) {
                throw new IllegalStateException("task seven");
            }
        })).isInstanceOf(IllegalStateException.class).hasMessage("task seven");
        assertThat(ran.get()).isEqualTo(50);
        AtomicInteger after = new AtomicInteger();
        Workers.run(10, task -> after.incrementAndGet());
        assertThat(after.get()).isEqualTo(10);
    }

    @Test
    void servesCallersFromManyThreads() throws InterruptedException {
        AtomicInteger total = new AtomicInteger();
        Thread[] callers = new Thread[6];
        for (int i = 0; i < callers.length; i++) {
            callers[i] = Thread.ofPlatform().start(() -> {
                for (int round = 0; round < 200; round++) {
                    Workers.run(7, task -> total.incrementAndGet());
                }
            });
        }
        for (Thread caller : callers) {
            caller.join();
        }
        assertThat(total.get()).isEqualTo(6 * 200 * 7);
    }
}
