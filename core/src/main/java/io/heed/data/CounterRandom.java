package io.heed.data;

import java.util.random.RandomGenerator;

/**
 * Counter-based random numbers: number i of a key is a bijective mix of {@code key + i * odd}, so that any number of
 * any stream can be had without those before it, on every machine the same. Keys come from {@link #key}, which mixes a
 * seed with any counters (step, rank, row). Not for cryptography.
 */
public final class CounterRandom implements RandomGenerator {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    private static final long MULTIPLIER = 0xD1342543DE82EF95L;

    private final long key;
    private long counter;

    /** The stream of {@code key}, from its number 0. */
    public CounterRandom(long key) {
        this.key = key;
    }

    /** One key from a seed and counters, each of which changes it wholly. */
    public static long key(long seed, long... counters) {
        long key = mix(seed + GOLDEN);
        for (long counter : counters) {
            key = mix(key * MULTIPLIER + counter + GOLDEN);    // not symmetric in key and counter
        }
        return key;
    }

    @Override
    public long nextLong() {
        return mix(key + GOLDEN * ++counter);
    }

    /** Uniform in [0, bound): the upper half of a 64 x 64 bit product, so biased by less than bound / 2^64. */
    @Override
    public int nextInt(int bound) {
        if (bound <= 0) {
            throw new IllegalArgumentException("bound must be positive, got " + bound);
        }
        return (int) Math.unsignedMultiplyHigh(nextLong(), bound);
    }

    /** Uniform in [0, bound), as {@link #nextInt(int)}. */
    @Override
    public long nextLong(long bound) {
        if (bound <= 0) {
            throw new IllegalArgumentException("bound must be positive, got " + bound);
        }
        return Math.unsignedMultiplyHigh(nextLong(), bound);
    }

    /** Uniform in [0, 1), a multiple of 2^-53. */
    @Override
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1.0p-53;
    }

    /** A bijection of 64 bits in which every input bit moves about half of the output bits. */
    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
