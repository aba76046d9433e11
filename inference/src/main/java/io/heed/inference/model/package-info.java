/**
 * Decoder-only transformers as HuggingFace folders hold them.
 *
 * <p>Llama 2 and 3, Mistral, Qwen2 and Qwen3, with x (T, D), RMS norms and rotary positions:
 * <pre>
 *   q, k, v = Wq n1(x) + bq, Wk n1(x) + bk, Wv n1(x) + bv      biases and norms of q and k where the model has them
 *   x = x + Wo attention(rope(q), rope(k), v)                  H query heads share G key/value heads
 *   x = x + Wdown (silu(Wgate n2(x)) * Wup n2(x))
 * </pre>
 * GPT-2, with layer norms and learned positions:
 * <pre>
 *   x = x + Wproj attention(Wattn n1(x))
 *   x = x + Wproj gelu(Wfc n2(x))
 * </pre>
 * and logits = Whead n(x) at the end. {@link io.heed.inference.model.ReferenceModel} is this in libtorch operations,
 * with gradients; {@link io.heed.inference.model.Decoder} computes it by the kernels over the mapped weights and a
 * paged cache.
 */
package io.heed.inference.model;
