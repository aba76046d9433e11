package io.heed.data;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** Text to token numbers and back. As JSON, an object whose {@code kind} is {@code bytes} or {@code characters}. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
    @JsonSubTypes.Type(value = ByteVocabulary.class, name = "bytes"),
    @JsonSubTypes.Type(value = CharacterVocabulary.class, name = "characters")})
public sealed interface Vocabulary permits ByteVocabulary, CharacterVocabulary {
    /** V: tokens are in [0, V). */
    int size();

    /** Tokens of {@code text}. A symbol that the vocabulary lacks becomes its unknown token. */
    int[] encode(String text);

    /** Text of {@code tokens}; what cannot be decoded becomes U+FFFD. */
    String decode(int[] tokens);
}
