/**
 * Image sets: IDX and CIFAR files, folders of images by class, and shapes that are drawn from a seed where there is no
 * set.
 */
package io.heed.vision.data;
