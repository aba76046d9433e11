package io.heed.sequence;

import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Registration;
import io.heed.tensor.Ops;

/**
 * Centroids, C a head, that follow the items assigned to them by moving averages and get no gradient. Items lie on a
 * sphere ({@link #normalise}); the nearest centroid is the one of largest product.
 *
 * <p>Buffers {@code means (H, C, d)}, {@code ema_count (H, C)}, {@code ema_means (H, C, d)}.
 */
public final class OnlineKMeans extends Module {
    /** Of the norm that puts items on the sphere. */
    public static final double NORM_EPSILON = 1e-6;

    private final double decay;
    private final double epsilon;
    private final Tensor means;
    private final Tensor counts;
    private final Tensor sums;

    /** Fresh centroids on the sphere; {@code epsilon} smooths the counts. */
    public OnlineKMeans(long heads, long centroids, long width, double decay, double epsilon) {
        super("OnlineKMeans");
        this.decay = decay;
        this.epsilon = epsilon;
        means = Registration.buffer(this, "means", normalise(torch.randn(heads, centroids, width), NORM_EPSILON));
        counts = Registration.buffer(this, "ema_count", torch.zeros(heads, centroids));
        sums = Registration.buffer(this, "ema_means", means.clone());
    }

    /** LayerNorm without scale and shift: norm sqrt(d). */
    public static Tensor normalise(Tensor x, double epsilon) {
        return torch.layer_norm(x, new long[] {x.size(-1)}, new TensorOptional(), new TensorOptional(), epsilon, false);
    }

    /** The centroids, (H, C, d). */
    public Tensor means() {
        return means;
    }

    /** All buffers by name. */
    public Map<String, Tensor> averages() {
        return Map.of("means", means, "ema_count", counts, "ema_means", sums);
    }

    /** x . mu of items (B, H, N, d): (B, H, N, C). */
    public static Tensor scores(Tensor items, Tensor means) {
        return items.matmul(means.transpose(1, 2));
    }

    /** The nearest centroid of items (B, H, N, d): int64 (B, H, N). */
    public static Tensor nearest(Tensor items, Tensor means) {
        return scores(items, means).argmax(new LongOptional(-1), false);
    }

    /**
     * Mean square of the distance of items (B, H, N, d) to their nearest centroids, with a gradient into the items
     * alone.
     */
    public static Tensor commitment(Tensor items, Tensor means) {
        Tensor centre;
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor index = nearest(items, means).unsqueeze(-1).expand(items.sizes());
            centre = means.unsqueeze(0).expand(items.size(0), means.size(0), means.size(1), means.size(2))
                    .gather(2, index);
        }
        return items.sub(centre).square().mean();
    }

    /**
     * Moves the centroids towards the items assigned to them. Items that are all zero are padding.
     *
     * @param items (B, H, N, d)
     */
    public void update(Tensor items) {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            Tensor real = items.abs().sum(new long[] {-1}, true, new ScalarTypeOptional()).gt(new Scalar(0))
                    .to(Ops.type(items));
            // (B, H, N, C)
            Tensor assigned = torch.one_hot(nearest(items, means), means.size(1)).to(Ops.type(items)).mul(real);
            Tensor count = assigned.sum(new long[] {0, 2}, false, new ScalarTypeOptional()); // (H, C)
            Tensor sum = assigned.transpose(2, 3).matmul(items).sum(new long[] {0}, false, new ScalarTypeOptional());
            counts.mul_(new Scalar(decay)).add_(count, new Scalar(1 - decay));
            sums.mul_(new Scalar(decay)).add_(sum, new Scalar(1 - decay));
            Tensor total = counts.sum(new long[] {-1}, true, new ScalarTypeOptional());
            Tensor smoothed = counts.add(new Scalar(epsilon))
                    .div(total.add(new Scalar(means.size(1) * epsilon))).mul(total); // Laplace
            means.copy_(sums.div(smoothed.unsqueeze(-1)));
        }
    }
}
