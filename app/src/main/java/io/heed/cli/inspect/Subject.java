package io.heed.cli.inspect;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

import io.heed.cli.compare.ModelFile;
import io.heed.data.Vocabulary;
import io.heed.inference.model.ModelConfig;
import io.heed.inference.model.ReferenceModel;
import io.heed.inference.text.TextModel;
import io.heed.inference.text.TextTokenizer;
import io.heed.insight.ProbedModel;

/**
 * A model to look into, with its way of reading text.
 *
 * @param name    where it comes from
 * @param about   what it is, in a few words
 * @param model   the model
 * @param encode  text to tokens
 * @param symbols tokens as people read them, one text each
 * @param length  most tokens that it reads at once
 */
public record Subject(String name, String about, ProbedModel model, Function<String, int[]> encode,
                      Function<int[], List<String>> symbols, int length) {
    /** Most tokens that a HuggingFace model is given at once, whatever its context. */
    private static final int LONGEST = 1024;

    /**
     * Opens a folder of {@code heed train}, one model's folder of {@code heed compare}, or a HuggingFace folder.
     *
     * @throws IllegalArgumentException in one line when there is no model
     * @throws IOException              in one line when a HuggingFace folder is incomplete or damaged
     */
    public static Subject open(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException(folder + (Files.exists(folder) ? " is a file, not a folder"
                    : " does not exist")
                    + ": name a folder that 'heed train' made, one model's folder in a run of 'heed compare', or a"
                    + " HuggingFace"
                    + " model's");
        }
        boolean own = Files.isRegularFile(folder.resolve("model.json"));
        return !own && Files.isRegularFile(folder.resolve("config.json"))
                && Files.isRegularFile(folder.resolve("tokenizer.json"))
                ? huggingFace(folder) : trained(folder);
    }

    private static Subject trained(Path folder) throws IOException {
        ModelFile file = ModelFile.read(folder);
        Vocabulary vocabulary = file.vocabulary();
        String about = file.model().backbone().layers() + " layers of " + String.join(", ",
                file.model().backbone().mixers().stream().map(spec -> spec.id()).toList()) + ", width "
                + file.model().backbone().width() + ", " + file.model().backbone().heads() + " heads";
        return new Subject(folder.toString(), about, ProbedModel.of(file.load(folder)), vocabulary::encode,
                tokens -> Arrays.stream(tokens).mapToObj(token -> vocabulary.decode(new int[] {token})).toList(),
                Math.toIntExact(file.model().backbone().length()));
    }

    private static Subject huggingFace(Path folder) throws IOException {
        TextModel text = TextModel.open(folder);
        ModelConfig config = text.model().config();
        String about = config.layers() + " layers, " + config.architecture().type() + ", width " + config.width() + ", "
                + config.heads() + " heads" + (config.keyValueHeads() == config.heads() ? ""
                        : " on " + config.keyValueHeads() + " keys and values");
        return new Subject(folder.toString(), about, new PretrainedModel(ReferenceModel.of(text.model()), config),
                string -> text.tokenizer().encode(string, true), tokens -> symbols(text.tokenizer(), tokens),
                Math.min(LONGEST, config.positions()));
    }

    /**
     * What each token adds to the text before it; a special token, or part of a character, shows as what it stands for.
     */
    private static List<String> symbols(TextTokenizer tokenizer, int[] tokens) {
        List<String> symbols = new ArrayList<>();
        String before = "";
        for (int i = 1; i <= tokens.length; i++) {
            String now = tokenizer.decode(Arrays.copyOf(tokens, i));
            boolean grown = now.length() > before.length() && now.startsWith(before);
            symbols.add(grown ? now.substring(before.length()) : tokenizer.text(tokens[i - 1]));
            before = now;
        }
        return symbols;
    }
}
