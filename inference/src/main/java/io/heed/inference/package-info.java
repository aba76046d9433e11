/**
 * Running trained language models: {@link io.heed.inference.model} reads a HuggingFace folder and computes,
 * {@link io.heed.inference.cache} holds keys and values in pages, {@link io.heed.inference.attention} says how
 * attention reads them, {@link io.heed.inference.text} turns text into tokens and back,
 * {@link io.heed.inference.engine} runs many generations at once, and {@link io.heed.inference.serve} offers them over
 * HTTP. One package a system below it.
 */
package io.heed.inference;
