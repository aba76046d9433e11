package io.heed.data;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import com.fasterxml.jackson.databind.ObjectMapper;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class VocabularyTest {
    @Property(tries = 200)
    void textSurvivesEncodingAndDecoding(@ForAll String raw) {
        String text = new String(raw.getBytes(StandardCharsets.UTF_8),
                StandardCharsets.UTF_8);    // without unpaired surrogates
        for (Vocabulary vocabulary : new Vocabulary[] {new ByteVocabulary(), CharacterVocabulary.of(text)}) {
            int[] tokens = vocabulary.encode(text);
            assertThat(Arrays.stream(tokens)).allMatch(token -> token >= 0 && token < vocabulary.size());
            assertThat(vocabulary.decode(tokens)).isEqualTo(text);
        }
    }

    @Test
    void charactersThatWereNotSeenAreUnknown() {
        CharacterVocabulary vocabulary = CharacterVocabulary.of("hello 🌍");
        assertThat(vocabulary.size()).isEqualTo(1 + 6);
        assertThat(vocabulary.encode("ho!🌍")).containsExactly(3, 5, 0, 6);
        assertThat(vocabulary.decode(new int[] {3, 0, 99, -1})).isEqualTo("h\uFFFD\uFFFD\uFFFD");
        assertThatThrownBy(() -> new CharacterVocabulary("ba")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("U+61 follows U+62");
    }

    @Test
    void aVocabularyIsKeptAsJson() throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        for (Vocabulary vocabulary : new Vocabulary[] {new ByteVocabulary(), CharacterVocabulary.of("añ🌍\"\n")}) {
            String json = mapper.writerFor(Vocabulary.class).writeValueAsString(vocabulary);
            assertThat(mapper.readValue(json, Vocabulary.class)).isEqualTo(vocabulary);
        }
    }
}
