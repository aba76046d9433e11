package io.heed.data;

/** Text to token numbers and back. */
public sealed interface Vocabulary permits ByteVocabulary, CharacterVocabulary {
    /** V: tokens are in [0, V). */
    int size();

    /** Tokens of {@code text}. A symbol that the vocabulary lacks becomes its unknown token. */
    int[] encode(String text);

    /** Text of {@code tokens}; what cannot be decoded becomes U+FFFD. */
    String decode(int[] tokens);
}
