package io.heed.vision;

import org.bytedeco.pytorch.Tensor;

import io.heed.data.Split;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;
import io.heed.vision.data.ImageData;

/**
 * Image classification with the backbones of this package. The metric is the accuracy.
 *
 * @param data  the images
 * @param batch B, images in a step
 * @param most  images that an evaluation of the validation part reads, its first ones
 */
public record ImageTask(ImageData data, int batch, int most) implements Task<ImageClassifier> {
    private static final int STANDARD_MOST = 1000;

    /** @throws IllegalArgumentException when the batch or the images of an evaluation are not positive */
    public ImageTask {
        new ClassificationTask<ImageClassifier>(data, batch, most, ImageClassifier::forward);
    }

    /** Evaluated on at most 1,000 images. */
    public ImageTask(ImageData data, int batch) {
        this(data, batch, STANDARD_MOST);
    }

    private ClassificationTask<ImageClassifier> task() {
        return new ClassificationTask<>(data, batch, most, ImageClassifier::forward);
    }

    @Override
    public String id() {
        return data.id();
    }

    @Override
    public Tensor loss(ImageClassifier model, Step step) {
        return task().loss(model, step);
    }

    @Override
    public Evaluation evaluate(ImageClassifier model) {
        return task().evaluate(model);
    }

    /** Loss and accuracy on the first {@code count} images of a part, or on all where it has fewer. */
    public Evaluation evaluate(ImageClassifier model, Split split, int count) {
        return task().evaluate(model, split, count);
    }

    @Override
    public long tokensPerStep() {
        return batch;
    }

    @Override
    public String metric() {
        return task().metric();
    }

    @Override
    public boolean higherIsBetter() {
        return true;
    }
}
