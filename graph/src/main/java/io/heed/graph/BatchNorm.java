package io.heed.graph;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Registration;

/**
 * Batch normalisation over the rows of (rows, D): all nodes, or all edges, of a batch. Parameters {@code weight},
 * {@code bias} (D), buffers {@code running_mean}, {@code running_var} (D); eps 1e-5, momentum 0.1. One row alone has no
 * variance, so it is normalised with the running statistics in training as well.
 */
public final class BatchNorm extends Module {
    private static final double EPSILON = 1e-5;
    private static final double MOMENTUM = 0.1;

    private final Tensor weight;
    private final Tensor bias;
    private final Tensor mean;
    private final Tensor variance;

    public BatchNorm(long width) {
        super("BatchNorm");
        weight = Registration.parameter(this, "weight", torch.ones(width));
        bias = Registration.parameter(this, "bias", torch.zeros(width));
        mean = Registration.buffer(this, "running_mean", torch.zeros(width));
        variance = Registration.buffer(this, "running_var", torch.ones(width));
    }

    /** (rows, D) to (rows, D). */
    public Tensor forward(Tensor x) {
        if (x.size(0) == 0) {
            return x;
        }
        return torch.batch_norm(x, new TensorOptional(weight), new TensorOptional(bias), new TensorOptional(mean),
                new TensorOptional(variance), is_training() && x.size(0) > 1, MOMENTUM, EPSILON, false);
    }
}
