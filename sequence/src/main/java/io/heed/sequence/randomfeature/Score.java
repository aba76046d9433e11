package io.heed.sequence.randomfeature;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.tensor.Ops;

/** What becomes of the scores of a query's N keys: weights of the keys. */
public enum Score {
    /** relu, and the mean over the keys: the paper's. */
    RELU {
        @Override
        Tensor weights(Tensor scores) {
            return Ops.scale(torch.relu(scores), 1.0 / scores.size(-1));
        }
    },
    /** Softmax over the keys: an ablation. */
    SOFTMAX {
        @Override
        Tensor weights(Tensor scores) {
            return torch.softmax(scores, -1);
        }
    };

    /** (..., N) to (..., N). */
    abstract Tensor weights(Tensor scores);
}
