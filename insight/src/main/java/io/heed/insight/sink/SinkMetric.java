package io.heed.insight.sink;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.tensor.Ops;

/** The metric on whole maps; {@link io.heed.insight.AttentionStatistics} has the same without them. */
public final class SinkMetric {
    /** What counts as a sink in the paper. */
    public static final double EPSILON = 0.3;
    /** Tokens of a text in the paper. */
    public static final int LENGTH = 64;

    private SinkMetric() { }

    /**
     * alpha_k: what key k gets on average from the queries that can see it.
     *
     * @param attention (..., T, T), causal
     * @return (..., T)
     */
    public static Tensor alpha(Tensor attention) {
        int length = Math.toIntExact(attention.size(-1));
        float[] seeing = new float[length];
        for (int k = 0; k < length; k++) {
            seeing[k] = length - k;
        }
        return attention.sum(new long[] {-2}, false, new ScalarTypeOptional())
                .div(Ops.of(seeing).to(attention.device(), Ops.type(attention)));
    }

    /**
     * Sink_k: the fraction of texts, layers and heads whose alpha_k exceeds {@code epsilon}.
     *
     * @param alpha (S, L, H, T)
     * @return (T)
     */
    public static Tensor sink(Tensor alpha, double epsilon) {
        return alpha.gt(new Scalar(epsilon)).to(ScalarType.Float).mean(new long[] {0, 1, 2}, false,
                new ScalarTypeOptional());
    }
}
