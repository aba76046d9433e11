package io.heed.bench.jmh;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import io.heed.kernels.Attention;
import io.heed.kernels.AttentionGradients;
import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.kernels.Normalizer;
import io.heed.kernels.Rows;

/**
 * The dense attention kernels alone, without libtorch in the process: for work on a kernel. Run with
 * {@code java -cp CLASSPATH org.openjdk.jmh.Main AttentionBenchmark}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgsAppend = {"--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class AttentionBenchmark {
    private static final int HEADS = 8;

    @Param({"2048", "8192"})
    public int length;

    @Param({"64", "128"})
    public int width;

    @Param({"false", "true"})
    public boolean causal;

    @Param({"SOFTMAX", "SIGMOID"})
    public Normalizer normalizer;

    private Arena arena;
    private Rows q;
    private Rows k;
    private Rows v;
    private Rows out;
    private Rows dOut;
    private MemorySegment lse;
    private AttentionGradients gradients;
    private AttentionSpec spec;

    /** Random inputs, and one forward pass for the backward to stand on. */
    @Setup
    public void prepare() {
        arena = Arena.ofShared();
        q = random(1);
        k = random(2);
        v = random(3);
        dOut = random(4);
        out = random(5);
        gradients = AttentionGradients.of(random(6), random(7), random(8));
        spec = AttentionSpec.softmax().withNormalizer(normalizer)
                .withMask(causal ? new Mask.Causal(0) : new Mask.Full());
        lse = normalizer == Normalizer.SOFTMAX ? arena.allocate((long) HEADS * length * Float.BYTES, 64) : null;
        Attention.forward(q, k, v, out, lse, spec);
    }

    /** Frees the inputs. */
    @TearDown
    public void release() {
        arena.close();
    }

    /** One forward pass. */
    @Benchmark
    public void forward() {
        Attention.forward(q, k, v, out, lse, spec);
    }

    /** One backward pass. */
    @Benchmark
    public void backward() {
        Attention.backward(q, k, v, out, lse, dOut, gradients, spec);
    }

    private Rows random(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long floats = (long) HEADS * length * width;
        MemorySegment data = arena.allocate(floats * Float.BYTES, 64);
        for (long i = 0; i < floats; i++) {
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
        }
        return Rows.contiguous(data, 1, HEADS, length, width);
    }
}
