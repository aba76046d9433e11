package io.heed.sequence.randomfeature;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Registration;

/**
 * The layer: a number for a query and its keys. Buffer {@code W (M, d+1, d+1)}, frozen; parameter {@code V (M, d+1)},
 * at first 0.
 */
public final class RandomFeatureLayer extends Module {
    private final Tensor weights;
    private final Tensor values;
    private final Score score;

    /** A layer on the given frozen features. */
    public RandomFeatureLayer(RandomFeatures features, Score score) {
        super("RandomFeatureLayer");
        this.score = score;
        weights = Registration.buffer(this, "W", features.weights());
        values = Registration.parameter(this, "V", torch.zeros(weights.size(0), weights.size(1)));
    }

    /**
     * What the layer gives.
     *
     * @param features   phi, (B, M, d+1)
     * @param prediction f, (B)
     */
    public record Result(Tensor features, Tensor prediction) { }

    /** Query and keys (B, N+1, d), the query first. */
    public Result forward(Tensor x) {
        Tensor features = RandomFeatures.of(x, weights, score);
        return new Result(features, features.mul(values).sum(new long[] {1, 2}));
    }

    /** V, (M, d+1). */
    public Tensor values() {
        return values;
    }
}
