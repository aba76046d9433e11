package io.heed.tensor;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

import org.bytedeco.pytorch.global.torch;

/**
 * Independent random streams from one seed. A stream is named by its purpose and a number, so that adding one more use
 * of chance to a program changes none of the others.
 */
public final class Seeds {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private Seeds() { }

    /**
     * The seed of stream {@code (purpose, index)} under {@code seed}: the same on every machine and in every version.
     *
     * @param purpose what the stream is for, e.g. {@code "weights"}
     * @param index   which of the streams for that purpose, e.g. the step
     */
    public static long derive(long seed, String purpose, long index) {
        long state = mix(seed + GOLDEN);
        for (byte b : purpose.getBytes(StandardCharsets.UTF_8)) {
            state = mix(state * GOLDEN + (b & 0xFF) + 1);
        }
        return mix(state + GOLDEN * (index + 1));
    }

    /** Java's own generator on stream {@code (purpose, index)}. */
    public static SplittableRandom random(long seed, String purpose, long index) {
        return new SplittableRandom(derive(seed, purpose, index));
    }

    /** Seeds libtorch's global generators, CPU and GPU, with stream {@code (purpose, index)}. */
    public static void seedTorch(long seed, String purpose, long index) {
        torch.manual_seed(derive(seed, purpose, index));
    }

    /**
     * The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64 bits in which every bit depends on all.
     */
    private static long mix(long z) {
        long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
        return b ^ (b >>> 31);
    }
}
