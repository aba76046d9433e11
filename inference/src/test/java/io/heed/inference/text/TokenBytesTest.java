package io.heed.inference.text;

import java.nio.charset.StandardCharsets;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class TokenBytesTest {
    private static TokenBytes of(String json, int size) throws Exception {
        return new TokenBytes(new ObjectMapper().readTree(json), size);
    }

    private static String text(TokenBytes bytes, int id) {
        return TokenBytes.text(bytes.of(id));
    }

    @Test
    void byteLevelCharactersAreBytes() throws Exception {
        TokenBytes bytes = of("""
                {"model":{"vocab":{"\\u0120the":0,"\\u010a":1,"\\u00e2\\u013a":2,"plain":3}},
                 "decoder":{"type":"ByteLevel"},"added_tokens":[{"id":4,"content":"<|\\u00e9nd|>"}]}
                """, 6);
        assertThat(text(bytes, 0)).isEqualTo(" the");
        assertThat(text(bytes, 1)).isEqualTo("\n");
        assertThat(text(bytes, 2)).isEqualTo("bytes:\\xe2\\x98");
        assertThat(bytes.of(2)).containsExactly(0xE2, 0x98);
        assertThat(text(bytes, 3)).isEqualTo("plain");
        assertThat(text(bytes, 4)).as("an added token is what it says").isEqualTo("<|\u00E9nd|>");
        assertThat(bytes.of(5)).isEmpty();
        assertThat(bytes.of(-1)).isEmpty();
    }

    @Test
    void everyByteHasACharacter() throws Exception {
        StringBuilder letters = new StringBuilder();
        for (int b = 0; b < 256; b++) {
            boolean printable = b > 0x20 && b < 0x7F || b >= 0xA1 && b != 0xAD;
            letters.append(printable ? (char) b : (char) (256 + letters.chars().filter(c -> c > 255).count()));
        }
        ObjectMapper json = new ObjectMapper();
        TokenBytes bytes = new TokenBytes(json.readTree("{\"model\":{\"vocab\":{" + json.writeValueAsString(
                letters.toString()) + ":0}},\"decoder\":{\"type\":\"ByteLevel\"}}"), 1);
        assertThat(bytes.of(0)).hasSize(256);
        for (int b = 0; b < 256; b++) {
            assertThat(bytes.of(0)[b]).isEqualTo((byte) b);
        }
    }

    @Test
    void sentencePiecesKeepTheirSpaces() throws Exception {
        TokenBytes bytes = of("""
                {"model":{"vocab":[["<unk>",0],["\\u2581the",-1],["<0xE2>",-2],["caf\\u00e9",-3]]},
                 "decoder":{"type":"Sequence","decoders":[
                   {"type":"Replace","pattern":{"String":"\\u2581"},"content":" "},{"type":"ByteFallback"}]}}
                """, 4);
        assertThat(text(bytes, 1)).isEqualTo(" the");
        assertThat(bytes.of(2)).containsExactly(0xE2);
        assertThat(bytes.of(3)).isEqualTo("caf\u00E9".getBytes(StandardCharsets.UTF_8));
    }
}
