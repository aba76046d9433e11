package io.heed.sequence;

import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.tensor.Ops;

/**
 * Says which class a sequence of tokens belongs to: token embedding, {@link Backbone}, the mean over the tokens that
 * exist, and a linear map to the classes.
 *
 * <p>Parameters {@code embedding.weight (V, D)}, {@code backbone.*}, {@code head.weight (C, D)}, {@code head.bias (C)}.
 */
public final class SequenceClassifier extends Module {
    private final EmbeddingImpl embedding;
    private final Backbone backbone;
    private final LinearImpl head;

    /**
     * Builds the model with fresh weights from libtorch's default generator.
     *
     * @param vocabulary V
     * @param classes    C
     * @param config     the stack; causal or not
     */
    public SequenceClassifier(int vocabulary, int classes, BackboneConfig config) {
        super("SequenceClassifier");
        embedding = register_module("embedding", new EmbeddingImpl(vocabulary, config.width()));
        Initialisation.truncatedNormal(embedding.weight(), Initialisation.DEVIATION);
        backbone = register_module("backbone", new Backbone(config));
        head = register_module("head", Initialisation.linear(config.width(), classes, true));
    }

    /** The stack between embedding and head. */
    public Backbone backbone() {
        return backbone;
    }

    /**
     * Logits of the classes.
     *
     * @param tokens  (B, N) int64
     * @param padding tokens that do not exist, or null
     * @return (B, C)
     */
    public Tensor forward(Tensor tokens, Padding padding) {
        MixerContext context = padding == null ? MixerContext.plain() : MixerContext.plain().withPadding(padding);
        Tensor h = backbone.forward(embedding.forward(tokens), context);
        if (padding == null) {
            return head.forward(h.mean(1));
        }
        Tensor exists = padding.mask().logical_not().unsqueeze(-1).to(h.device(), Ops.type(h)); // (B, N, 1)
        Tensor count = exists.sum(new long[] {1}, false, null).clamp_min(new Scalar(1));
        return head.forward(h.mul(exists).sum(new long[] {1}, false, null).div(count));
    }

    /** Mean cross-entropy in nats of classes (B). */
    public Tensor loss(Tensor tokens, Padding padding, Tensor classes) {
        return torch.cross_entropy_loss(forward(tokens, padding), classes);
    }
}
