package io.heed.vision;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.data.Split;
import io.heed.sequence.MixerContext;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;
import io.heed.vision.data.ImageBatch;
import io.heed.vision.data.ImageData;

/**
 * Image classification with any model. The loss is the cross-entropy in nats plus the model's auxiliary losses, the
 * metric the accuracy.
 *
 * @param data   the images
 * @param batch  B, images in a step
 * @param most   images that an evaluation of the validation part reads, its first ones
 * @param logits how the model is called
 * @param <M>    the kind of model
 */
public record ClassificationTask<M extends Module>(ImageData data, int batch, int most, Logits<M> logits)
        implements Task<M> {
    private static final int EVALUATED_AT_ONCE = 128;

    /** Calls a model. */
    @FunctionalInterface
    public interface Logits<M extends Module> {
        /** Images (B, C, H, W) to logits (B, classes); auxiliary losses go to the context. */
        Tensor of(M model, Tensor images, MixerContext context);
    }

    /** @throws IllegalArgumentException when the batch or the images of an evaluation are not positive */
    public ClassificationTask {
        if (batch < 1 || most < 1) {
            throw new IllegalArgumentException("batch " + batch + " and evaluated images " + most
                    + " must be at least 1");
        }
    }

    @Override
    public String id() {
        return data.id();
    }

    @Override
    public Tensor loss(M model, Step step) {
        ImageBatch read = data.sample(Split.TRAIN, batch, step.key());
        MixerContext context = MixerContext.plain();
        Tensor loss = crossEntropy(logits.of(model, read.images(), context), read);
        return context.loss().map(loss::add).orElse(loss);
    }

    @Override
    public Evaluation evaluate(M model) {
        return evaluate(model, Split.VALIDATION, most);
    }

    /** Loss and accuracy on the first {@code count} images of a part, or on all where it has fewer. */
    public Evaluation evaluate(M model, Split split, int count) {
        int images = Math.min(count, data.size(split));
        double loss = 0;
        double right = 0;
        for (int first = 0; first < images; first += EVALUATED_AT_ONCE) {
            try (PointerScope _ = new PointerScope()) {
                int rows = Math.min(EVALUATED_AT_ONCE, images - first);
                ImageBatch read = data.range(split, first, rows);
                Tensor scores = logits.of(model, read.images(), MixerContext.plain());
                loss += rows * crossEntropy(scores, read).item_double();
                right += scores.argmax(new LongOptional(-1), false).eq(labels(scores, read)).sum().item_double();
            }
        }
        return Evaluation.of(loss / images, metric(), right / images);
    }

    @Override
    public long tokensPerStep() {
        return batch;
    }

    @Override
    public String metric() {
        return "accuracy";
    }

    @Override
    public boolean higherIsBetter() {
        return true;
    }

    private static Tensor crossEntropy(Tensor scores, ImageBatch read) {
        return torch.cross_entropy_loss(scores, labels(scores, read));
    }

    private static Tensor labels(Tensor scores, ImageBatch read) {
        return read.labels().to(scores.device(), ScalarType.Long);
    }
}
