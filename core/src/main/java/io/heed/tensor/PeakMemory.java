package io.heed.tensor;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

import org.bytedeco.javacpp.Pointer;

/**
 * Resident memory that an action takes at its peak, beyond what the process held before it.
 *
 * <p>On Linux the kernel keeps the peak ({@code VmHWM}) and lets a process reset it; memory that the allocator holds
 * back after earlier actions is returned first, so that it is not hidden. Elsewhere resident memory is sampled every
 * millisecond, which can miss a short peak.
 */
public final class PeakMemory {
    private static final Path CLEAR = Path.of("/proc/self/clear_refs");
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final MethodHandle TRIM = Linker.nativeLinker().defaultLookup().find("malloc_trim")
            .map(address -> Linker.nativeLinker().downcallHandle(address,
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG))).orElse(null);

    private PeakMemory() { }

    /** Runs {@code action} and returns its peak in bytes, 0 or more. */
    public static long during(Runnable action) {
        System.gc();
        trim();
        return resetPeak() ? kept(action) : sampled(action);
    }

    /** How the figure is measured on this machine, for the report. */
    public static String method() {
        return resetPeak() ? "peak resident (VmHWM)" : "resident, sampled each ms";
    }

    private static long kept(Runnable action) {
        long before = status("VmRSS:");
        action.run();
        return Math.max(0, status("VmHWM:") - before);
    }

    private static long sampled(Runnable action) {
        long before = Pointer.physicalBytes();
        Sampler sampler = new Sampler();
        sampler.start();
        try {
            action.run();
        } finally {
            sampler.interrupt();
        }
        return Math.max(0, sampler.peak - before);
    }

    private static boolean resetPeak() {
        try {
            // 5 resets the peak of resident memory and nothing else.
            Files.writeString(CLEAR, "5");
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static long status(String name) {
        try {
            return Files.readAllLines(STATUS).stream().filter(line -> line.startsWith(name))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024).findFirst().orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }

    /** Gives free memory of the C allocator back to the system; only glibc needs and has this. */
    private static void trim() {
        if (TRIM != null) {
            try {
                int released = (int) TRIM.invokeExact(0L);
                assert released == 0 || released == 1;
            } catch (Throwable e) {
                throw new IllegalStateException("malloc_trim failed", e);
            }
        }
    }

    private static final class Sampler extends Thread {
        private volatile long peak;

        private Sampler() {
            super("peak-memory");
            setDaemon(true);
        }

        @Override
        public void run() {
            while (!isInterrupted()) {
                peak = Math.max(peak, Pointer.physicalBytes());
                try {
                    sleep(1);
                } catch (InterruptedException e) {
                    return;
                }
            }
        }
    }
}
