package io.heed.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

import static org.assertj.core.api.Assertions.assertThat;

/** Bad usage and bad settings: one line that says what to mend, status 2. */
class CommandLineTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "compar|heed: unknown command 'compar': did you mean 'compare'? (see heed --help)",
        "compare --mixer a|heed compare: unknown option '--mixer': did you mean '--mixers'? (see heed compare --help)",
        "compare --task tex|heed compare: unknown task 'tex': did you mean 'text'? known: text, mqar, cora, citeseer, "
            + "pubmed, texas, chameleon-filtered, minesweeper, ogbn-arxiv, wordnet-nodes",
        "compare --task mqar --text a.txt|heed compare: a text file needs the task text, not mqar: leave one of them"
                + " out",
        "compare --width 100 --heads 3|heed compare: width is 100, must be a multiple of the heads (3)",
        "compare --task cora --mixers softmax|heed compare: 'softmax' is a sequence mixer, the task cora compares"
                + " graph "
            + "layers: gcn, gat, gin, gated-gcn, graph-transformer, graph-transformer-edges",
        "compare --task cora --mixers gatt|heed compare: unknown graph layer 'gatt': did you mean 'gat'? known: gcn,"
                + " gat, "
            + "gin, gated-gcn, graph-transformer, gt, graph-transformer-edges, gt-edges",
        "compare --task cora --length 64|heed compare: the task cora has no sequences: leave --length out",
        "compare --task cora --text a.txt|heed compare: a text file needs the task text, not cora: leave one of them "
            + "out",
        "compare --task wordnet-nodes --batch -1|heed compare: batch is -1, must be a number of nodes, or 0 for the"
                + " whole "
            + "graph every step",
        "compare --data .|heed compare: the task text reads no data set: leave --data out",
        "compare --task cora --data nowhere|heed compare: data folder",
        "compare --task shapes --mixers gcn|heed compare: 'gcn' is a graph layer, the task shapes compares grid "
            + "mixers: softmax",
        "compare --task shapes --length 32|heed compare: length is 32, must be left out: the images of shapes have a "
            + "size of their own",
        "compare --task shapes --images a|heed compare: a folder of images needs the task images, not shapes: leave "
            + "one of them out",
        "compare --task images|heed compare: images is empty, must be a folder of images by class, given with --images",
        "compare --images nowhere|heed compare: image folder ",
        "data lst|heed data: unknown command 'lst': did you mean 'list'? (see heed data --help)",
        "study|heed study: name a system ('heed systems' lists them), or a file with --page",
        "compare --seeds x|heed compare: --seeds is 'x', must be a count or whole numbers with commas",
        "compare --resume a --steps 3|heed compare: --resume goes on with the run's own settings: leave out the others",
    })
    void oneLine(String arguments, String line) {
        assertThat(run(arguments.split(" "))).isEqualTo(2);
        assertThat(err.toString().lines()).singleElement().asString().startsWith(line);
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void aGraphLayerIsNoSequenceMixer() {
        assertThat(run("compare", "--mixers", "softmax,gat")).isEqualTo(2);
        assertThat(err.toString().lines()).singleElement().asString()
                .startsWith("heed compare: 'gat' is a graph layer, the task text compares sequence mixers: softmax, ");
    }

    @Test
    void dataListSaysWhatIsHereAndHowToGetTheRest(@TempDir Path folder) throws IOException {
        Files.createDirectories(folder.resolve("cora"));
        assertThat(run("data", "list", "--data", folder.toString())).isZero();
        assertThat(out.toString().lines()).anyMatch(line -> line.startsWith("cora ")
                && line.endsWith(folder.resolve("cora").toString()));
        assertThat(out.toString()).contains("missing: its authors' binary version").contains("HEED_DATA");
        out.getBuffer().setLength(0);
        assertThat(run("data", "list", "--json", "--data", folder.toString())).isZero();
        assertThat(out.toString().lines()).allSatisfy(line -> {
            JsonNode set = new ObjectMapper().readTree(line);
            assertThat(set.path("found").asBoolean() == set.path("get").asText().isEmpty()).isTrue();
        }).anySatisfy(line -> assertThat(line).contains("\"set\":\"cora\"").contains("\"found\":true"));
    }

    @Test
    void textThatCannotBeRead(@TempDir Path folder) throws IOException {
        Path missing = folder.resolve("missing.txt");
        Path empty = Files.writeString(folder.resolve("empty.txt"), "");
        Path latin = Files.write(folder.resolve("latin.txt"),
                "a caf\u00e9 in town".getBytes(StandardCharsets.ISO_8859_1));
        Map<Path, String> faults = Map.of(missing, "does not exist", empty, "empty", folder, "folder", latin,
                "not UTF-8");
        faults.forEach((path, word) -> {
            err.getBuffer().setLength(0);
            assertThat(run("compare", "--text", path.toString(), "--out", folder.resolve("run").toString()))
                    .isEqualTo(2);
            assertThat(err.toString().lines()).singleElement().asString().startsWith("heed compare: ")
                    .contains(path.toString()).contains(word);
        });
        assertThat(folder.resolve("run")).doesNotExist();
    }

    @Test
    void unknownConfigKeyGetsTheNearestName(@TempDir Path folder) throws IOException {
        Path config = Files.writeString(folder.resolve("small.yaml"), "widht: 64\n");
        assertThat(run("compare", "--config", config.toString())).isEqualTo(2);
        assertThat(err.toString().lines()).singleElement().asString()
                .contains("unknown key 'widht' in the configuration " + config).contains("did you mean 'width'?");
    }

    @Test
    void configThatIsNoYamlNamesTheLine(@TempDir Path folder) throws IOException {
        Path config = Files.writeString(folder.resolve("bad.yaml"), "width: 64\nsteps: [1\n");
        assertThat(run("compare", "--config", config.toString())).isEqualTo(2);
        assertThat(err.toString().lines()).singleElement().asString().contains(config + " line ")
                .contains("not valid YAML");
    }

    @Test
    void verifyNamesAPathThatDoesNotExist() {
        assertThat(run("verify", "nowhere/at-all")).isEqualTo(2);
        assertThat(err.toString().lines()).singleElement().asString().contains("nowhere/at-all");
    }

    @Test
    void studyOfAnUnknownSystemGetsTheNearestName() {
        assertThat(run("study", "aren")).isEqualTo(2);
        assertThat(err.toString().lines()).containsExactly("heed study: unknown system 'aren': did you mean 'aaren'?");
    }

    @Test
    void systemsListsAllOfThem() {
        assertThat(run("systems")).isZero();
        assertThat(out.toString().lines().filter(line -> line.startsWith("  "))).hasSize(50);
        out.getBuffer().setLength(0);
        assertThat(run("systems", "--json")).isZero();
        assertThat(out.toString().lines()).hasSize(50).allSatisfy(line ->
                assertThat(new ObjectMapper().readTree(line).path("id").asText()).isNotEmpty());
    }

    @Test
    void unknownMixerGetsTheNearestName() {
        assertThat(run("compare", "--mixers", "sofmax,aaren")).isEqualTo(2);
        assertThat(err.toString().lines()).singleElement().asString()
                .startsWith("heed compare: unknown mixer 'sofmax': did you mean 'softmax'? known: softmax");
    }

    @Test
    void aWordThatIsNotANumberGetsOneLine() {
        assertThat(run("compare", "--steps", "many")).isEqualTo(2);
        assertThat(err.toString().lines()).singleElement().asString().contains("--steps").contains("many");
    }

    @Test
    void stackTraceOnlyWithVerbose() {
        assertThat(run("compare", "--task", "tex", "--verbose")).isEqualTo(2);
        assertThat(err.toString().lines().skip(1)).anyMatch(line -> line.contains("at io.heed.cli."));
    }

    @Test
    void helpNamesEveryCommandAndEveryCommandHasHelp() {
        CommandLine line = Heed.commandLine();
        assertThat(run("--help")).isZero();
        String help = out.toString();
        assertThat(line.getSubcommands()).isNotEmpty().allSatisfy((name, command) -> {
            assertThat(help).contains(name);
            assertThat(run(name, "--help")).isZero();
            assertThat(command.getCommandSpec().usageMessage().description()).isNotEmpty();
        });
    }

    private int run(String... arguments) {
        CommandLine line = Heed.commandLine();
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        return line.execute(arguments);
    }
}
