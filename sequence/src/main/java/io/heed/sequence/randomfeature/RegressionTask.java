package io.heed.sequence.randomfeature;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.data.CounterRandom;
import io.heed.tensor.Ops;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

/**
 * Fits a layer's V by gradients: minibatches of the samples, mean squared error and lambda |V|^2. W stays as it is.
 *
 * @param x      (n, N+1, d)
 * @param y      (n)
 * @param xTest  samples for evaluation
 * @param yTest  their targets
 * @param batch  samples of a step
 * @param lambda weight of |V|^2
 */
record RegressionTask(Tensor x, Tensor y, Tensor xTest, Tensor yTest, int batch, double lambda)
        implements Task<RandomFeatureLayer> {

    @Override
    public String id() {
        return "regression";
    }

    @Override
    public Tensor loss(RandomFeatureLayer layer, Step step) {
        CounterRandom random = new CounterRandom(step.key());
        long[] rows = new long[batch];
        for (int i = 0; i < batch; i++) {
            rows[i] = random.nextLong(x.size(0));
        }
        Tensor index = Ops.of(rows);
        Tensor error = torch.mse_loss(layer.forward(x.index_select(0, index)).prediction(), y.index_select(0, index));
        return error.add(Ops.scale(layer.values().square().sum(), lambda));
    }

    @Override
    public Evaluation evaluate(RandomFeatureLayer layer) {
        double error = torch.mse_loss(layer.forward(xTest).prediction(), yTest).item_double();
        return Evaluation.of(error, metric(), error);
    }

    @Override
    public long tokensPerStep() {
        return batch;
    }

    @Override
    public String metric() {
        return "mean squared error";
    }

    @Override
    public boolean higherIsBetter() {
        return false;
    }
}
