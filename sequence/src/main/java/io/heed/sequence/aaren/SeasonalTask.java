package io.heed.sequence.aaren;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.data.CounterRandom;
import io.heed.data.Split;

/**
 * Next value of 8 noisy channels, each a sum of two seasonal signals whose phases and amplitudes jump when the stream's
 * regime switches (on average every 32 elements). The loss is the mean squared error.
 */
final class SeasonalTask extends StreamTask {
    private static final int CHANNELS = 8;
    private static final double[] PERIODS = {12, 24};
    private static final double SWITCH = 1 / 32.0;
    private static final double NOISE = 0.1;

    SeasonalTask() {
        super("seasonal", CHANNELS);
    }

    @Override
    int outputs() {
        return CHANNELS;
    }

    @Override
    float[] stream(CounterRandom random, Split split) {
        float[] stream = new float[(LENGTH + 1) * CHANNELS];
        double[][] amplitudes = new double[CHANNELS][PERIODS.length];
        double[][] phases = new double[CHANNELS][PERIODS.length];
        for (int t = 0; t <= LENGTH; t++) {
            boolean switches = t == 0 || random.nextDouble() < SWITCH;
            for (int c = 0; c < CHANNELS; c++) {
                double value = NOISE * random.nextGaussian();
                for (int s = 0; s < PERIODS.length; s++) {
                    if (switches) {
                        amplitudes[c][s] = random.nextDouble(0.2, 1);
                        phases[c][s] = random.nextDouble(2 * Math.PI);
                    }
                    value += amplitudes[c][s] * Math.sin(2 * Math.PI * t / PERIODS[s] + phases[c][s]);
                }
                stream[t * CHANNELS + c] = (float) value;
            }
        }
        return stream;
    }

    @Override
    Tensor loss(Tensor predictions, Tensor next) {
        return torch.mse_loss(predictions, next);
    }
}
