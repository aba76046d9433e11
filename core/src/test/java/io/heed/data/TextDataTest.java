package io.heed.data;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.javacpp.indexer.LongIndexer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class TextDataTest {
    private static final String TEXT = "the quick brown fox jumps over the lazy dog; ".repeat(100);

    @TempDir
    Path folder;

    @Test
    void readsUtf8() throws IOException {
        Path file = write("text.txt", "héllo 🌍\n".getBytes(StandardCharsets.UTF_8));
        assertThat(TextFile.read(file)).isEqualTo("héllo 🌍\n");
    }

    @Test
    void eachFaultOfATextFileIsOneClearLine() throws IOException {
        Path missing = folder.resolve("missing.txt");
        assertFault(missing, missing + " does not exist; check the path");
        assertFault(folder, folder + " is a folder; give one text file");
        Path empty = write("empty.txt", new byte[0]);
        assertFault(empty, empty + " is empty; give a file with text");
        Path latin = write("latin.txt", "na\u00efve".getBytes(StandardCharsets.ISO_8859_1));
        assertFault(latin, latin + " is not UTF-8 text: byte 0xef at offset 2; convert it, e.g. with iconv -t UTF-8");
        Path cut = write("cut.txt", new byte[] {'a', 'b', 'c', (byte) 0xE2, (byte) 0x82});
        assertFault(cut, cut + " is not UTF-8 text: byte 0xe2 at offset 3; convert it, e.g. with iconv -t UTF-8");
    }

    private static void assertFault(Path file, String line) {
        assertThatThrownBy(() -> TextFile.read(file)).isInstanceOf(IllegalArgumentException.class).hasMessage(line);
    }

    private Path write(String name, byte[] bytes) throws IOException {
        return Files.write(folder.resolve(name), bytes);
    }

    @Test
    void aTextTooShortForTheWindowSaysHowLongItMustBe() {
        assertThatThrownBy(() -> TextCorpus.split("note.txt", "short", 64)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("note.txt has 5 characters; windows of 64 need at least 390: give a longer text or a"
                        + " smaller "
                        + "length");
        TextCorpus least = TextCorpus.split("note.txt", "🌍".repeat(195), 64);
        for (Vocabulary vocabulary : new Vocabulary[] {new ByteVocabulary(), CharacterVocabulary.of("🌍")}) {
            TextData data = new TextData(least, vocabulary, 64);
            for (Split split : Split.values()) {
                assertThat(data.windows(split)).isPositive();
            }
        }
        assertThatThrownBy(() -> new TextData(new TextCorpus("x", "abc", "a", "abc"), new ByteVocabulary(), 2))
                .hasMessageStartingWith("the validation part of x has 1 tokens; a window of 2 needs 3");
    }

    @Test
    void splittingLosesNothingAndCutsNoCharacter() {
        String text = "🌍".repeat(1000);
        for (int length = 1; length < 40; length++) {
            TextCorpus corpus = TextCorpus.split("globe", text, length);
            assertThat(corpus.train() + corpus.validation() + corpus.test()).isEqualTo(text);
            assertThat(corpus.validation().codePointAt(0)).isEqualTo("🌍".codePointAt(0));
            assertThat(corpus.test().codePointAt(0)).isEqualTo("🌍".codePointAt(0));
        }
    }

    @Test
    void targetsAreTheNextTokensOfTheText() {
        TextData data = new TextData(TextCorpus.split("fox", TEXT, 16), CharacterVocabulary.of(TEXT), 16);
        try (PointerScope scope = new PointerScope()) {
            SequenceBatch batch = data.sample(Split.TRAIN, 5, 42);
            assertThat(batch.tokens().shape()).containsExactly(5, 16);
            long[] tokens = longs(batch.tokens());
            long[] targets = longs(batch.targets());
            for (int row = 0; row < 5; row++) {
                int[] window = new int[17];
                for (int i = 0; i < 16; i++) {
                    window[i] = (int) tokens[row * 16 + i];
                    window[i + 1] = (int) targets[row * 16 + i];
                }
                assertThat(TEXT).contains(data.vocabulary().decode(window));
                for (int i = 1; i < 16; i++) {
                    assertThat(tokens[row * 16 + i]).isEqualTo(targets[row * 16 + i - 1]);
                }
            }
        }
    }

    @Test
    void aKeyFixesTheMinibatchAndAnotherKeyChangesIt() {
        TextData data = new TextData(TextCorpus.split("fox", TEXT, 16), new ByteVocabulary(), 16);
        try (PointerScope scope = new PointerScope()) {
            long[] once = longs(data.sample(Split.TRAIN, 4, 9).tokens());
            assertThat(longs(data.sample(Split.TRAIN, 4, 9).tokens())).isEqualTo(once);
            assertThat(longs(data.sample(Split.TRAIN, 4, 10).tokens())).isNotEqualTo(once);
        }
    }

    @Test
    void evaluationWindowsCoverThePartEndToEnd() {
        TextData data = new TextData(TextCorpus.split("fox", TEXT, 16), new ByteVocabulary(), 16);
        String validation = TextCorpus.split("fox", TEXT, 16).validation();
        int windows = (int) data.windows(Split.VALIDATION);
        assertThat(windows).isEqualTo((validation.length() - 1) / 16);
        try (PointerScope scope = new PointerScope()) {
            long[] tokens = longs(data.window(Split.VALIDATION, 0, windows).tokens());
            int[] narrow = new int[tokens.length];
            for (int i = 0; i < tokens.length; i++) {
                narrow[i] = (int) tokens[i];
            }
            assertThat(data.vocabulary().decode(narrow)).isEqualTo(validation.substring(0, windows * 16));
        }
        assertThatThrownBy(() -> data.window(Split.VALIDATION, windows - 1, 2))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    static long[] longs(Tensor tensor) {
        long[] values = new long[Math.toIntExact(tensor.numel())];
        LongIndexer indexer = tensor.contiguous().view(-1).createIndexer();
        indexer.get(0, values);
        return values;
    }
}
