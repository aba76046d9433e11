package io.heed.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

import io.heed.cli.compare.ModelFile;
import io.heed.data.CharacterVocabulary;
import io.heed.sequence.BackboneConfig;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.LanguageModelConfig;
import io.heed.sequence.MixerSpec;
import io.heed.tensor.Safetensors;
import io.heed.tensor.Seeds;
import io.heed.tensor.Weights;
import io.heed.train.RunDirectory;

import static org.assertj.core.api.Assertions.assertThat;

class InspectCommandTest {
    private static final String TEXT = "a <b>small</b> plant & 'yellow' flowers";

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private Path folder;

    @BeforeEach
    void keepFolder(@TempDir Path given) {
        folder = given;
    }

    @Test
    void printsAFigureForEachHeadAndWritesAPage() throws IOException {
        Path model = model("softmax");
        Path page = folder.resolve("pages/look.html");
        assertThat(run("inspect", model, "--text", TEXT, "--out", page)).as(err.toString()).isZero();
        List<String> lines = out.toString().lines().toList();
        assertThat(lines.getFirst()).startsWith("39 of 39 tokens, loss ");
        assertThat(lines.get(1)).startsWith("layer.head").endsWith("loss without");
        assertThat(lines.subList(2, 6)).extracting(line -> line.substring(0, 3)).containsExactly("0.0", "0.1", "1.0",
                "1.1");
        assertThat(lines.get(6)).contains("of 4 heads");
        assertThat(lines.getLast()).isEqualTo("page: " + page);

        String html = Files.readString(page);
        assertThat(html).doesNotContain("http:").doesNotContain("https:")
                .doesNotContainPattern("(?i)<link|@import|url\\(").doesNotContain("<b>small")
                .contains("default-src 'none'").doesNotContain(">NaN").doesNotContain("Infinity");
        assertThat(count("class=\"cell", html)).as("four tables of four heads").isEqualTo(16);
        assertThat(count("src=\"data:image/png;base64,", html)).isEqualTo(4);
        assertThat(count("<span style=\"--s:", html)).as("tokens").isEqualTo(39);
        assertThat(html).contains("\"maps\":{\"0.0\":\"").contains("&lt;").contains("heed inspect " + model);
    }

    @Test
    void evenAttentionIsASinkOnlyBelowItsOwnShare() throws IOException {
        Path model = model("softmax:positions=none", true);
        // even attention gives the first of 13 tokens (1 + 1/2 + .. + 1/13) / 13 = 0.245
        assertThat(run("inspect", model, "--text", "abcabcabcabca", "--out", folder.resolve("x.html"), "--epsilon",
                "0.25")).isZero();
        assertThat(out.toString()).contains("None of 4 heads has a sink").contains("24.5%");
        out.getBuffer().setLength(0);
        assertThat(run("inspect", model, "--text", "abcabcabcabca", "--out", folder.resolve("x.html"), "--importance",
                "none",
                "--epsilon", "0.2"))
                .as(err.toString()).isZero();
        assertThat(out.toString()).contains("4 of 4 heads have a sink, all on the first token")
                .doesNotContain("loss without");
    }

    @Test
    void layersAndHeadsCanBeChosen() throws IOException {
        Path model = model("softmax");
        assertThat(run("inspect", model, "--text", TEXT, "--layers", "1", "--heads", "1,0", "--out",
                folder.resolve("x.html"))).isZero();
        assertThat(out.toString()).contains("\n1.1 ").contains("\n1.0 ").doesNotContain("\n0.0 ");
    }

    @Test
    void mechanismsThatDoNotNormaliseShowRawWeightsToo() throws IOException {
        assertThat(run("inspect", model("sigmoid"), "--text", TEXT, "--out", folder.resolve("x.html"))).isZero();
        assertThat(out.toString()).contains("raw on first").contains("row sum");
        assertThat(folder.resolve("x.html")).content().contains("Raw weight on the first token");
    }

    @Test
    void aLongTextIsReadInWindows() throws IOException {
        Path text = Files.writeString(folder.resolve("long.txt"), TEXT.repeat(5));
        assertThat(run("inspect", model("softmax"), "--file", text, "--out", folder.resolve("x.html"))).isZero();
        assertThat(out.toString()).startsWith("192 of 195 tokens in 3 windows of 64");
    }

    @Test
    void aHuggingFaceFolderIsReadAsItIs() throws IOException {
        Path stories = Path.of(System.getProperty("heed.root", "..")).resolve("../shared/data/stories260K").normalize();
        Assumptions.assumeTrue(Files.isDirectory(stories), () -> stories + " is absent");
        Path page = folder.resolve("x.html");
        assertThat(run("inspect", stories, "--text", "Once upon a time, there was a little girl", "--importance",
                "none",
                "--out", page)).as(err.toString()).isZero();
        assertThat(out.toString().lines().filter(line -> line.matches("\\d\\.\\d .*"))).hasSize(40);
        assertThat(out.toString()).startsWith("13 of 13 tokens, loss 0.1");
        assertThat(page).content().contains(">Once<").contains("> upon<");
    }

    @Test
    void aHuggingFaceFolderThatCannotBeReadIsOneLine() throws IOException {
        Path model = Files.createDirectory(folder.resolve("hf"));
        Files.writeString(model.resolve("tokenizer.json"), "{}");
        Files.writeString(model.resolve("config.json"), "{\"model_type\": \"mamba\"}");
        complains("architecture 'mamba' is not supported", "inspect", model, "--text", TEXT);
    }

    @Test
    void badInputIsOneLine() throws IOException {
        Path model = model("softmax");
        Path empty = Files.writeString(folder.resolve("empty.txt"), " \n");
        Path latin = Files.write(folder.resolve("latin.txt"), "caf\u00e9".getBytes(StandardCharsets.ISO_8859_1));
        Path nothing = Files.createDirectory(folder.resolve("nothing"));
        complains("does not exist: name a folder that 'heed train' made", "inspect", folder.resolve("absent"), "--text",
                TEXT);
        complains("is a file, not a folder", "inspect", empty, "--text", TEXT);
        complains("model.json is missing", "inspect", nothing, "--text", TEXT);
        complains("nothing to read: give --text or --file", "inspect", model);
        complains("give one of them", "inspect", model, "--text", TEXT, "--file", empty);
        complains("--text is empty", "inspect", model, "--text", "  ");
        complains("empty.txt is empty", "inspect", model, "--file", empty);
        complains("latin.txt is not UTF-8", "inspect", model, "--file", latin);
        complains("absent.txt: no such file", "inspect", model, "--file", folder.resolve("absent.txt"));
        complains("one token long", "inspect", model, "--text", "a");
        complains("layer 2 does not exist: the model has 2 layers, numbered from 0 to 1", "inspect", model, "--text",
                TEXT,
                "--layers", "0,2");
        complains("head 7 does not exist: each layer has 2 heads", "inspect", model, "--text", TEXT, "--heads", "7");
        complains("--epsilon is 1.5", "inspect", model, "--text", TEXT, "--epsilon", "1.5");
        complains("is a folder: name a file", "inspect", model, "--text", TEXT, "--out", nothing);
    }

    private void complains(String part, Object... arguments) {
        err.getBuffer().setLength(0);
        out.getBuffer().setLength(0);
        assertThat(run(arguments)).as("%s: %s", part, out).isEqualTo(2);
        assertThat(err.toString().lines()).singleElement().asString().startsWith("heed inspect: ").contains(part);
        assertThat(out.toString()).isEmpty();
    }

    private Path model(String mixer) throws IOException {
        return model(mixer, false);
    }

    /** A run folder with a small model; if asked, one whose attention is even. */
    private Path model(String mixer, boolean even) throws IOException {
        CharacterVocabulary vocabulary = CharacterVocabulary.of(TEXT);
        LanguageModelConfig config = new LanguageModelConfig(vocabulary.size(), true,
                new BackboneConfig(16, 2, 2, 2, 64, 32,
                BackboneConfig.NormKind.LAYER_NORM, BackboneConfig.MlpKind.GELU, 0, true,
                List.of(MixerSpec.parse(mixer))));
        Seeds.seedTorch(4, "weights", 0);
        LanguageModel model = new LanguageModel(config);
        Map<String, Tensor> weights = Weights.of(model);
        if (even) {
            makeEven(weights);
        }
        Path run = Files.createDirectories(folder.resolve(mixer.replaceAll("\\W", "-")));
        try (RunDirectory directory = RunDirectory.open(run)) {
            ModelFile.of(config, Optional.of(vocabulary)).write(directory);
            Safetensors.write(directory.model(), weights, Map.of());
        }
        return run;
    }

    /** A norm whose weight is 0 makes all keys alike. */
    private static void makeEven(Map<String, Tensor> weights) {
        try (NoGradGuard _ = new NoGradGuard()) {
            weights.forEach((name, weight) -> {
                if (name.contains("norm1.weight")) {
                    weight.mul_(new Scalar(0));
                }
            });
        }
    }

    private int run(Object... arguments) {
        List<String> words = new ArrayList<>();
        for (Object argument : arguments) {
            words.add(argument.toString());
        }
        CommandLine line = Heed.commandLine();
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        return line.execute(words.toArray(String[]::new));
    }

    private static int count(String part, String whole) {
        Matcher matcher = Pattern.compile(Pattern.quote(part)).matcher(whole);
        int count = 0;
        while (matcher.find()) {
            count++;
        }
        return count;
    }
}
