package io.heed.kernels;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * The one pool of threads that all kernels share. A kernel cuts its work into tasks in a way that depends on the shapes
 * alone, never on the number of threads, so that results are the same bits for any {@code HEED_THREADS}.
 *
 * <p>The calling thread takes part. A call made from inside a task, or while another caller holds the pool, runs on the
 * calling thread alone. The first exception that a task throws reaches the caller after all tasks ended.
 */
public final class Workers {
    /** One piece of work; {@code task} runs from 0 to the count given to {@link #run}. */
    @FunctionalInterface
    public interface Task {
        void run(int task);
    }

    private static final int THREADS = threadsFromEnvironment();
    private static final int SPINS = 2_000;

    private static final class Job {
        final int count;
        final Task task;
        final AtomicInteger next = new AtomicInteger();
        final AtomicInteger done = new AtomicInteger();
        final AtomicReference<Throwable> failure = new AtomicReference<>();
        final Thread caller = Thread.currentThread();

        Job(int count, Task task) {
            this.count = count;
            this.task = task;
        }

        void work() {
            for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                try {
                    task.run(i);
                } catch (Throwable t) {
                    failure.compareAndSet(null, t);
                } finally {
                    if (done.incrementAndGet() == count) {
                        LockSupport.unpark(caller);
                    }
                }
            }
        }
    }

    private static final AtomicReference<Job> BUSY = new AtomicReference<>();
    private static volatile Job current;
    private static final ThreadLocal<Boolean> INSIDE = ThreadLocal.withInitial(() -> false);
    private static final Thread[] POOL = start();

    private Workers() { }

    /** Threads that take part, the caller included. */
    public static int count() {
        return THREADS;
    }

    /** Runs {@code task} for 0..count-1 and returns when all are done. */
    public static void run(int count, Task task) {
        if (count <= 0) {
            return;
        }
        Job job = new Job(count, task);
        if (count == 1 || POOL.length == 0 || INSIDE.get() || !BUSY.compareAndSet(null, job)) {
            for (int i = 0; i < count; i++) {
                task.run(i);
            }
            return;
        }
        INSIDE.set(true);
        try {
            current = job;
            for (Thread t : POOL) {
                LockSupport.unpark(t);
            }
            job.work();
            for (int spin = 0; job.done.get() < count; spin++) {
                if (spin < SPINS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.park(job);
                }
            }
        } finally {
            current = null;
            INSIDE.set(false);
            BUSY.set(null);
        }
        Throwable failure = job.failure.get();
        if (failure instanceof RuntimeException e) {
            throw e;
        } else if (failure instanceof Error e) {
            throw e;
        }
    }

    private static Thread[] start() {
        Thread[] pool = new Thread[THREADS - 1];
        for (int i = 0; i < pool.length; i++) {
            pool[i] = Thread.ofPlatform().daemon().name("heed-kernel-" + (i + 1)).start(Workers::serve);
        }
        return pool;
    }

    private static void serve() {
        INSIDE.set(true);
        Job last = null;
        for (int spin = 0; ; ) {
            Job job = current;
            if (job != null && job != last) {
                last = job;
                job.work();
                spin = 0;
            } else if (++spin < SPINS) {
                Thread.onSpinWait();
            } else {
                last = null;
                LockSupport.park(Workers.class);
                spin = 0;
            }
        }
    }

    private static int threadsFromEnvironment() {
        String text = System.getProperty("heed.threads", System.getenv("HEED_THREADS"));
        if (text == null || text.isBlank()) {
            return Runtime.getRuntime().availableProcessors();
        }
        try {
            int threads = Integer.parseInt(text.strip());
            if (threads >= 1) {
                return threads;
            }
        } catch (NumberFormatException e) {
            // reported below, with the text as given
        }
        throw new IllegalArgumentException("HEED_THREADS=" + text + ": must be a whole number of at least 1");
    }
}
