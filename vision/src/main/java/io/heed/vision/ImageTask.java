package io.heed.vision;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.data.Split;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;
import io.heed.vision.data.ImageBatch;
import io.heed.vision.data.ImageData;

/**
 * Image classification. The metric is the accuracy.
 *
 * @param data  the images
 * @param batch B, images in a step
 * @param most  images that an evaluation of the validation part reads, its first ones
 */
public record ImageTask(ImageData data, int batch, int most) implements Task<ImageClassifier> {
    private static final int EVALUATED_AT_ONCE = 128;
    private static final int STANDARD_MOST = 1000;

    /** @throws IllegalArgumentException when the batch or the images of an evaluation are not positive */
    public ImageTask {
        if (batch < 1 || most < 1) {
            throw new IllegalArgumentException("batch " + batch + " and evaluated images " + most
                    + " must be at least 1");
        }
    }

    /** Evaluated on at most 1,000 images. */
    public ImageTask(ImageData data, int batch) {
        this(data, batch, STANDARD_MOST);
    }

    @Override
    public String id() {
        return data.id();
    }

    @Override
    public Tensor loss(ImageClassifier model, Step step) {
        return model.loss(data.sample(Split.TRAIN, batch, step.key()));
    }

    @Override
    public Evaluation evaluate(ImageClassifier model) {
        return evaluate(model, Split.VALIDATION, most);
    }

    /** Loss and accuracy on the first {@code count} images of a part, or on all where it has fewer. */
    public Evaluation evaluate(ImageClassifier model, Split split, int count) {
        int images = Math.min(count, data.size(split));
        double loss = 0;
        double right = 0;
        for (int first = 0; first < images; first += EVALUATED_AT_ONCE) {
            try (PointerScope _ = new PointerScope()) {
                int rows = Math.min(EVALUATED_AT_ONCE, images - first);
                ImageBatch read = data.range(split, first, rows);
                Tensor logits = model.forward(read.images());
                Tensor labels = read.labels().to(logits.device(), ScalarType.Long);
                loss += rows * torch.cross_entropy_loss(logits, labels).item_double();
                right += logits.argmax(new LongOptional(-1), false).eq(labels).sum().item_double();
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
}
