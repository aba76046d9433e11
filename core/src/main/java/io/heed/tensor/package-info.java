/**
 * What libtorch's Java bindings leave out: {@link io.heed.tensor.View views} of a tensor's memory for the kernels,
 * {@link io.heed.tensor.Autograd custom gradients}, {@link io.heed.tensor.Safetensors weights on disk}, devices and
 * seeds.
 * {@link org.bytedeco.pytorch.Tensor} itself is the currency everywhere; nothing here wraps it.
 */
package io.heed.tensor;
