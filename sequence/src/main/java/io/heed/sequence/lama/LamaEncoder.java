package io.heed.sequence.lama;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/**
 * Low-rank attention over given word vectors, and a linear map of the m weighted sums. Parameters {@code _attention.*},
 * {@code projection_layer.weight (out, m D)}, {@code projection_layer.bias}.
 */
public final class LamaEncoder extends Module {
    private final LowRankAttention attention;
    private final LinearImpl projection;

    /** @param outputs width of the result */
    public LamaEncoder(LowRankAttention.Options options, long outputs) {
        super("LamaEncoder");
        attention = register_module("_attention", new LowRankAttention(options));
        projection = register_module("projection_layer", new LinearImpl(attention.width(), outputs));
    }

    /**
     * Pools (B, T, D) and projects.
     *
     * @param mask (B, T) bool, true at real words
     */
    public Encoded forward(Tensor words, Tensor mask) {
        Pooling.Pooled pooled = attention.pool(words, mask);
        return new Encoded(pooled.attention(), pooled.document().unflatten(1, pooled.attention().size(1),
                words.size(2)),
                projection.forward(pooled.document()));
    }

    /**
     * What it says of a document.
     *
     * @param attention (B, m, T)
     * @param embedding (B, m, D)
     * @param out       (B, out)
     */
    public record Encoded(Tensor attention, Tensor embedding, Tensor out) { }
}
