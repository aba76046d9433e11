package io.heed.sequence;

/**
 * What a {@link LanguageModel} is built from.
 *
 * @param vocabulary V, tokens
 * @param tied       whether the head shares the embedding's weights
 * @param backbone   the stack between embedding and head
 */
public record LanguageModelConfig(int vocabulary, boolean tied, BackboneConfig backbone) {
    /** @throws IllegalArgumentException when the vocabulary is empty */
    public LanguageModelConfig {
        if (vocabulary < 1) {
            throw new IllegalArgumentException("a vocabulary of " + vocabulary + " tokens: needs at least 1");
        }
    }

    /** The same on another backbone. */
    public LanguageModelConfig withBackbone(BackboneConfig backbone) {
        return new LanguageModelConfig(vocabulary, tied, backbone);
    }
}
