/**
 * Sequence mixers, the backbone that carries them, and language models.
 *
 * <p>A {@link io.heed.sequence.SequenceMixer} turns (B, N, D) into (B, N, D), or one token at a time with a
 * {@link io.heed.sequence.MixerState}. A {@link io.heed.sequence.Backbone} stacks any of them; a
 * {@link io.heed.sequence.LanguageModel} puts token embeddings below and a vocabulary on top.
 * {@link io.heed.sequence.Mixers} finds mixers by name.
 */
package io.heed.sequence;
