package io.heed.vision.data;

import java.util.List;

import io.heed.data.Split;

/** Labelled images of one size, split three ways. Stateless and thread-safe: a minibatch is a function of a key. */
public interface ImageData {
    /** Short name, e.g. {@code fashion-mnist}. */
    String id();

    /**
     * The set in one line: what it is and where it comes from, e.g. that it was generated because nothing was found.
     */
    String about();

    /** C: 1 for grey, 3 for red, green, blue. */
    int channels();

    /** H, pixels. */
    int height();

    /** W, pixels. */
    int width();

    /** Names of the classes, by label. */
    List<String> classes();

    /** Images in a part. */
    int size(Split split);

    /**
     * A minibatch of {@code rows} images of {@code split}, drawn with replacement by {@code key} alone (in training,
     * {@code Step.key()}); training images are augmented. The tensors belong to the caller's {@code PointerScope}.
     */
    ImageBatch sample(Split split, int rows, long key);

    /**
     * Images {@code first} to {@code first + rows - 1} of {@code split} as they are.
     *
     * @throws IndexOutOfBoundsException when they are not all in [0, {@link #size})
     */
    ImageBatch range(Split split, int first, int rows);
}
