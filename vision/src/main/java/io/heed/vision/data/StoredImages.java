package io.heed.vision.data;

import java.util.List;
import java.util.Locale;

import io.heed.data.CounterRandom;
import io.heed.data.Split;
import io.heed.tensor.Ops;

/** Image data whose parts are in memory. */
public final class StoredImages implements ImageData {
    private final String id;
    private final String origin;
    private final List<String> classes;
    private final ImageSet[] parts;
    private final Augmentation augmentation;
    private final float[] black;
    private final float[] white;

    /**
     * @param id           short name
     * @param origin       where it comes from, in a few words
     * @param classes      names by label
     * @param train        images to train on; their mean and deviation normalise all
     * @param augmentation what training images go through
     * @throws IllegalArgumentException in one line when a part is empty, sizes differ, or a label is no class
     */
    public StoredImages(String id, String origin, List<String> classes, ImageSet train, ImageSet validation,
            ImageSet test, Augmentation augmentation) {
        this.id = id;
        this.origin = origin;
        this.classes = List.copyOf(classes);
        this.parts = new ImageSet[] {train, validation, test};
        this.augmentation = augmentation;
        for (Split split : Split.values()) {
            check(split, part(split));
        }
        black = new float[train.channels()];
        white = new float[train.channels()];
        normalise(train);
    }

    /** The same data with the training images augmented otherwise. */
    public StoredImages withAugmentation(Augmentation other) {
        return new StoredImages(id, origin, classes, parts[0], parts[1], parts[2], other);
    }

    /**
     * The same data with the first {@code count} training images only.
     *
     * @throws IllegalArgumentException when there are fewer
     */
    public StoredImages withTraining(int count) {
        if (count < 1 || count > parts[0].size()) {
            throw new IllegalArgumentException(count + " training images of " + id + " are asked for, there are "
                    + parts[0].size());
        }
        return new StoredImages(id, origin, classes, parts[0].slice(0, count), parts[1], parts[2], augmentation);
    }

    /**
     * Data of which only a training and a test part exist: the last tenth of the training images validates, since these
     * sets are shuffled.
     */
    static StoredImages of(String id, String origin, List<String> classes, ImageSet train, ImageSet test,
                           Augmentation augmentation) {
        int kept = train.size() - Math.max(1, train.size() / 10);
        return new StoredImages(id, origin, classes, train.slice(0, kept), train.slice(kept, train.size()), test,
                augmentation);
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public String about() {
        return origin + ": " + size(Split.TRAIN) + " training, " + size(Split.VALIDATION) + " validation and "
                + size(Split.TEST) + " test images of " + height() + "x" + width() + (channels() == 1 ? " grey" : "")
                + " pixels, " + classes.size() + " classes";
    }

    @Override
    public int channels() {
        return parts[0].channels();
    }

    @Override
    public int height() {
        return parts[0].height();
    }

    @Override
    public int width() {
        return parts[0].width();
    }

    @Override
    public List<String> classes() {
        return classes;
    }

    @Override
    public int size(Split split) {
        return part(split).size();
    }

    @Override
    public ImageBatch sample(Split split, int rows, long key) {
        CounterRandom random = new CounterRandom(key);
        int[] images = new int[rows];
        for (int row = 0; row < rows; row++) {
            images[row] = random.nextInt(size(split));
        }
        return batch(split, images, split == Split.TRAIN ? augmentation : Augmentation.NONE, random);
    }

    @Override
    public ImageBatch range(Split split, int first, int rows) {
        if (first < 0 || rows < 1 || (long) first + rows > size(split)) {
            throw new IndexOutOfBoundsException("images " + first + " to " + (first + rows - 1L) + " of "
                    + size(split));
        }
        int[] images = new int[rows];
        for (int row = 0; row < rows; row++) {
            images[row] = first + row;
        }
        return batch(split, images, Augmentation.NONE, new CounterRandom(0));
    }

    private ImageBatch batch(Split split, int[] images, Augmentation change, CounterRandom random) {
        ImageSet part = part(split);
        float[] pixels = new float[images.length * part.imageSize()];
        long[] labels = new long[images.length];
        for (int row = 0; row < images.length; row++) {
            change.apply(part, images[row], random, black, white, pixels, row * part.imageSize());
            labels[row] = part.labels()[images[row]];
        }
        return new ImageBatch(Ops.of(pixels, images.length, channels(), height(), width()),
                Ops.of(labels, labels.length));
    }

    private ImageSet part(Split split) {
        return parts[split.ordinal()];
    }

    private void check(Split split, ImageSet part) {
        String name = "the " + split.name().toLowerCase(Locale.ROOT) + " part of " + id;
        if (part.size() == 0) {
            throw new IllegalArgumentException(name + " has no images");
        }
        ImageSet first = parts[0];
        if (part.channels() != first.channels() || part.height() != first.height() || part.width() != first.width()) {
            throw new IllegalArgumentException(name + " has images of " + part.channels() + "x" + part.height() + "x"
                    + part.width() + ", the training part of " + first.channels() + "x" + first.height() + "x"
                    + first.width());
        }
        for (int i = 0; i < part.size(); i++) {
            if (part.labels()[i] < 0 || part.labels()[i] >= classes.size()) {
                throw new IllegalArgumentException("image " + i + " of " + name + " has label " + part.labels()[i]
                        + ", there are " + classes.size() + " classes");
            }
        }
    }

    /** What black and white become, so that each channel of the training part has mean 0 and variance 1. */
    private void normalise(ImageSet train) {
        int plane = train.height() * train.width();
        for (int c = 0; c < train.channels(); c++) {
            long sum = 0;
            long squares = 0;
            for (int image = 0; image < train.size(); image++) {
                int at = image * train.imageSize() + c * plane;
                for (int p = 0; p < plane; p++) {
                    int value = train.pixels()[at + p] & 0xFF;
                    sum += value;
                    squares += (long) value * value;
                }
            }
            double count = (double) plane * train.size();
            double mean = sum / count;
            double deviation = Math.max(Math.sqrt(Math.max(0, squares / count - mean * mean)), 1);
            black[c] = (float) (-mean / deviation);
            white[c] = (float) ((255 - mean) / deviation);
        }
    }
}
