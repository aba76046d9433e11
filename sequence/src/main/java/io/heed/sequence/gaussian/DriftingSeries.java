package io.heed.sequence.gaussian;

import org.bytedeco.pytorch.Tensor;

import io.heed.data.CounterRandom;
import io.heed.tensor.Ops;

/**
 * Series whose channels have means and scales of their own that drift: the label is the group of channels that stays
 * near its running mean most of the time and is far off now and then, while the others spread evenly. Means and scales
 * tell nothing.
 */
final class DriftingSeries {
    static final int LENGTH = 32;
    static final int CHANNELS = 16;
    static final int CLASSES = 4;

    private static final double NEAR = 0.85;

    private DriftingSeries() { }

    /** Examples (count, N, C) with labels (count). */
    record Examples(Tensor series, Tensor labels) { }

    static Examples of(int count, long seed) {
        float[] values = new float[count * LENGTH * CHANNELS];
        long[] labels = new long[count];
        for (int i = 0; i < count; i++) {
            CounterRandom random = new CounterRandom(CounterRandom.key(seed, i));
            labels[i] = random.nextInt(CLASSES);
            for (int c = 0; c < CHANNELS; c++) {
                boolean marked = c / (CHANNELS / CLASSES) == labels[i];
                double mean = random.nextDouble(1, 4);
                double drift = random.nextDouble(-1, 1) / LENGTH;
                double scale = Math.exp(random.nextDouble(-1, 0.5));
                double growth = random.nextDouble(0.5, 1.5);
                for (int t = 0; t < LENGTH; t++) {
                    // both have a variance of about 1
                    double deviation = !marked ? random.nextDouble(-1.73, 1.73)
                            : random.nextDouble() < NEAR ? 0.3 * random.nextGaussian() : 2.5 * random.nextGaussian();
                    double wide = scale * (1 + (growth - 1) * t / LENGTH);
                    values[(i * LENGTH + t) * CHANNELS + c] = (float) (mean + drift * t + wide * deviation);
                }
            }
        }
        return new Examples(Ops.of(values, count, LENGTH, CHANNELS), Ops.of(labels));
    }
}
