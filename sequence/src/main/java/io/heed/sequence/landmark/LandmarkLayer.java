package io.heed.sequence.landmark;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.Form;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.nn.Rotary;

/**
 * The attention of a sequence that has landmark tokens in it.
 *
 * <p>Parameters {@code c_attn.weight (3 D, D)}: queries, keys, values; {@code c_proj.weight (D, D)}; biases if asked.
 */
public final class LandmarkLayer extends Module {
    private final LandmarkConfig config;
    private final Rotary rotary;
    private final LinearImpl packed;
    private final LinearImpl outProjection;

    public LandmarkLayer(LandmarkConfig config) {
        super("LandmarkLayer");
        this.config = config;
        rotary = new Rotary(config.headWidth(), config.base(), Rotary.Layout.INTERLEAVED);
        packed = register_module("c_attn", Initialisation.linear(config.width(), 3 * config.width(), config.bias()));
        outProjection = register_module("c_proj",
                Initialisation.residual(config.width(), config.width(), config.bias(), config.layers()));
    }

    /**
     * All tokens at once.
     *
     * @param x       (B, N, D)
     * @param padding tokens that do not exist, or null
     * @return (B, N, D)
     */
    public Tensor forward(Tensor x, Landmarks landmarks, Padding padding, Form form) {
        Tensor[] heads = heads(x);
        double dropout = is_training() ? config.dropout() : 0;
        return output(LandmarkHeads.outputs(rotary.apply(heads[0], 0), rotary.apply(heads[1], 0), heads[2], landmarks,
                padding,
                dropout, form));
    }

    /** A chunk that continues what {@code cache} has kept of this layer; without a gradient graph. */
    Tensor read(Tensor x, Landmarks landmarks, LandmarkCache cache) {
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor[] heads = heads(x);
            return output(cache.attend(heads[0], heads[1], heads[2], landmarks, rotary));
        }
    }

    /** Query, key and value heads before positions. */
    private Tensor[] heads(Tensor x) {
        return Heads.unpack(packed.forward(x), config.heads(), config.heads());
    }

    private Tensor output(Tensor heads) {
        return outProjection.forward(Heads.merge(heads));
    }
}
