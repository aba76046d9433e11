package io.heed.inference.text;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.heed.inference.TinyModel;

import static org.assertj.core.api.Assertions.assertThat;

class TextAssemblerTest {
    @TempDir
    private Path folder;
    private TextTokenizer tokenizer;

    @BeforeEach
    void open() throws IOException {
        tokenizer = TextTokenizer.open(TinyModel.of("llama").write(folder));
    }

    @AfterEach
    void close() {
        tokenizer.close();
    }

    private List<String> pieces(String text, String... stops) {
        TextAssembler assembler = new TextAssembler(tokenizer, tokenizer.encode("before ", true), List.of(stops));
        List<String> pieces = new ArrayList<>();
        for (int id : tokenizer.encode(text, false)) {
            pieces.add(assembler.push(id));
            if (assembler.isStopped()) {
                break;
            }
        }
        pieces.add(assembler.finish());
        return pieces;
    }

    @Test
    void charactersOfSeveralBytesComeWhole() {
        assertThat(pieces("a\u00E9\u2603b")).containsExactly("a", "", "\u00E9", "", "", "\u2603", "b", "");
        assertThat(String.join("", pieces("\uD83D\uDE00 ok"))).isEqualTo("\uD83D\uDE00 ok");
    }

    @Test
    void whatMayBeginAStopIsHeldBack() {
        assertThat(pieces("xabx", "abc")).containsExactly("x", "", "", "abx", "");
        assertThat(pieces("xab", "abc")).containsExactly("x", "", "", "ab");
    }

    @Test
    void nothingOfAStopOrAfterItIsHandedOn() {
        assertThat(String.join("", pieces("one END two", "END"))).isEqualTo("one ");
        assertThat(String.join("", pieces("aab", "ab", "zzz"))).isEqualTo("a");
        assertThat(String.join("", pieces("plain", ""))).isEqualTo("plain");
    }
}
