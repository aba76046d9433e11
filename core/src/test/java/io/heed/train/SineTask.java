package io.heed.train;

import java.util.Map;

import org.bytedeco.pytorch.AbstractTensor;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.data.CounterRandom;

/** Regression of sin(3x) on minibatches of 16 points in [-1, 1]. */
class SineTask implements Task<Perceptron> {
    private static final int POINTS = 16;

    @Override
    public String id() {
        return "sine";
    }

    @Override
    public Tensor loss(Perceptron model, Step step) {
        return error(model, step.key());
    }

    @Override
    public Evaluation evaluate(Perceptron model) {
        double error = error(model, CounterRandom.key(99)).item_double();
        return new Evaluation(error, metric(), Math.sqrt(error),
                Map.of("training mode", model.is_training() ? 1.0 : 0.0));
    }

    private static Tensor error(Perceptron model, long key) {
        CounterRandom random = new CounterRandom(key);
        float[] x = new float[POINTS];
        float[] y = new float[POINTS];
        for (int i = 0; i < POINTS; i++) {
            x[i] = (float) (2 * random.nextDouble() - 1);
            y[i] = (float) Math.sin(3 * x[i]);
        }
        return torch.mse_loss(model.forward(AbstractTensor.create(x, POINTS, 1)), AbstractTensor.create(y, POINTS, 1));
    }

    @Override
    public long tokensPerStep() {
        return POINTS;
    }

    @Override
    public String metric() {
        return "rmse";
    }

    @Override
    public boolean higherIsBetter() {
        return false;
    }

    /** A fresh model, the same for the same seed. */
    static Perceptron model(long seed, double dropout) {
        torch.manual_seed(seed);
        return new Perceptron(1, 24, dropout);
    }
}
