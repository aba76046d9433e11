package io.heed.sequence.randomfeature;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Registration;
import io.heed.tensor.Ops;

/**
 * The frozen part: phi of the package's equations. Buffer {@code W (M, d+1, d+1)}, the bias included where there is
 * one.
 */
public final class RandomFeatures extends Module {
    /** The paper's deviation of the weights: variance 1/4. */
    public static final double DEVIATION = 0.5;

    private static final long CHUNK = 512;

    private final Tensor weights;
    private final Score score;

    /**
     * Draws the weights from libtorch's default generator.
     *
     * @param heads     M
     * @param width     d
     * @param deviation of the random part
     * @param bias      what diag(I_d, 0) is multiplied by before it is added: 0 for RFA, 1 for biased RFA
     */
    public RandomFeatures(int heads, int width, double deviation, double bias, Score score) {
        super("RandomFeatures");
        if (heads < 1 || width < 1) {
            throw new IllegalArgumentException("heads " + heads + " and width " + width + " must be at least 1");
        }
        this.score = score;
        weights = Registration.buffer(this, "W", draw(heads, width, deviation, bias));
    }

    private static Tensor draw(int heads, int width, double deviation, double bias) {
        Tensor random = Ops.scale(torch.randn(heads, width + 1, width + 1), deviation);
        Tensor mean = torch.eye(width + 1);
        mean.select(0, width).zero_();
        return random.add(Ops.scale(mean, bias));
    }

    /** W, (M, d+1, d+1). */
    public Tensor weights() {
        return weights;
    }

    /** Trained numbers of a layer on these features: M (d+1). */
    public long count() {
        return weights.size(0) * weights.size(1);
    }

    /** Query and keys (B, N+1, d), the query first, to (B, M, d+1). */
    public Tensor forward(Tensor x) {
        return of(x, weights, score);
    }

    static Tensor of(Tensor x, Tensor weights, Score score) {
        if (x.dim() != 3 || x.size(1) < 2 || x.size(2) + 1 != weights.size(1)) {
            throw new IllegalArgumentException("random features of width " + (weights.size(1) - 1)
                    + " take a query and keys (B, 1 + N, " + (weights.size(1) - 1) + "), got " + Ops.shape(x));
        }
        Tensor one = Ops.cat(-1, x, torch.ones(new long[] {x.size(0), x.size(1), 1}, x.options()));
        long width = one.size(2);
        Tensor projection = weights.transpose(0, 1).flatten(1, 2); // (d+1, M (d+1))
        Tensor turned = one.select(1, 0).matmul(projection).unflatten(1, weights.size(0), width); // (B, M, d+1)
        Tensor keys = one.narrow(1, 1, one.size(1) - 1);
        Tensor scores = turned.matmul(keys.transpose(1, 2)); // (B, M, N)
        return score.weights(scores).matmul(keys);
    }

    /**
     * The features of many samples as rows, (n, M (d+1)) in float64, made some at a time and without a gradient graph.
     */
    public Tensor rows(Tensor x) {
        Tensor rows = torch.empty(new long[] {x.size(0), count()}, Ops.options(torch.ScalarType.Double),
                new MemoryFormatOptional());
        try (NoGradGuard _ = new NoGradGuard()) {
            for (long from = 0; from < x.size(0); from += CHUNK) {
                try (PointerScope _ = new PointerScope()) {
                    long size = Math.min(CHUNK, x.size(0) - from);
                    rows.narrow(0, from, size).copy_(forward(x.narrow(0, from, size)).flatten(1, 2));
                }
            }
        }
        return rows;
    }
}
