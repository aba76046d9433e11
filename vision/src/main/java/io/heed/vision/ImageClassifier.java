package io.heed.vision;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.nn.Initialisation;
import io.heed.sequence.MixerContext;
import io.heed.sequence.Parameters;
import io.heed.vision.data.ImageBatch;

/**
 * A {@link GridBackbone} and a linear head over the classes. Parameters {@code backbone.*}, {@code head.weight},
 * {@code head.bias}.
 */
public final class ImageClassifier extends Module {
    private final ImageClassifierConfig config;
    private final GridBackbone backbone;
    private final LinearImpl head;

    /**
     * Builds the model with fresh weights from libtorch's default generator.
     *
     * @throws IllegalArgumentException when a mixer or one of its options is unknown, or sizes do not fit
     */
    public ImageClassifier(ImageClassifierConfig config) {
        super("ImageClassifier");
        this.config = config;
        backbone = register_module("backbone", config.backbone().build());
        head = register_module("head", Initialisation.linear(config.backbone().features(), config.classes(), true));
    }

    /** What it was built from. */
    public ImageClassifierConfig config() {
        return config;
    }

    /** What makes a vector of an image. */
    public GridBackbone backbone() {
        return backbone;
    }

    /** Parameters, each shared one counted once. */
    public long parameterCount() {
        return Parameters.count(this);
    }

    /** Logits of the classes: images (B, C, H, W) to (B, classes). */
    public Tensor forward(Tensor images, MixerContext context) {
        return head.forward(backbone.forward(images.to(head.weight().device(), ScalarType.Float), context));
    }

    /** {@link #forward(Tensor, MixerContext)} in the form that fits. */
    public Tensor forward(Tensor images) {
        return forward(images, MixerContext.plain());
    }

    /** Mean cross-entropy in nats plus the mixers' auxiliary losses: a scalar. */
    public Tensor loss(ImageBatch batch) {
        MixerContext context = MixerContext.plain();
        Tensor logits = forward(batch.images(), context);
        Tensor loss = torch.cross_entropy_loss(logits, batch.labels().to(logits.device(), ScalarType.Long));
        return context.loss().map(loss::add).orElse(loss);
    }
}
