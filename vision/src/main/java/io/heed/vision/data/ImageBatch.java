package io.heed.vision.data;

import org.bytedeco.pytorch.Tensor;

/**
 * Some images with their classes.
 *
 * @param images (B, C, H, W) float32, normalised by the training part's mean and standard deviation
 * @param labels (B) int64, in [0, classes)
 */
public record ImageBatch(Tensor images, Tensor labels) { }
