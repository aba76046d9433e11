package io.heed.sequence.randomfeature;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.tensor.Ops;

/**
 * The baseline: relu(w_k . [vec(x_0..x_N); 1]) for K frozen random units, which does not know that keys have no order.
 * N + 1 tokens of norm 1 and a 1 have a squared norm of N + 2, so weights of variance 1 / (N + 2) give pre-activations
 * of variance 1.
 */
final class RandomNetwork {
    private final Tensor weights;

    RandomNetwork(long units, long keys, long width) {
        long inputs = (keys + 1) * width + 1;
        weights = Ops.scale(torch.randn(inputs, units), 1 / Math.sqrt(keys + 2.0));
    }

    /** Query and keys (n, N+1, d) to (n, K) in float64, without a gradient graph. */
    Tensor rows(Tensor x) {
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor flat = x.flatten(1, 2);
            Tensor one = torch.ones(new long[] {x.size(0), 1}, x.options());
            return torch.relu(Ops.cat(1, flat, one).matmul(weights)).to(ScalarType.Double);
        }
    }
}
