package io.heed.cli.inspect;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.function.IntFunction;

import io.heed.cli.compare.ModelFile;
import io.heed.data.Vocabulary;
import io.heed.insight.ProbedModel;

/**
 * A model to look into, with its way of reading text.
 *
 * @param name   where it comes from
 * @param about  what it is, in a few words
 * @param model  the model
 * @param encode text to tokens
 * @param symbol a token as people read it
 * @param length most tokens that it reads at once
 */
public record Subject(String name, String about, ProbedModel model, Function<String, int[]> encode,
                      IntFunction<String> symbol, int length) {
    /**
     * Opens a folder of {@code heed train}, or one model's folder of {@code heed compare}.
     *
     * @throws IllegalArgumentException in one line when there is no model
     */
    public static Subject open(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException(folder + (Files.exists(folder) ? " is a file, not a folder" : " does not exist")
                    + ": name a folder that 'heed train' made, or one model's folder in a run of 'heed compare'");
        }
        ModelFile file = ModelFile.read(folder);
        Vocabulary vocabulary = file.vocabulary();
        String about = file.model().backbone().layers() + " layers of " + String.join(", ",
                file.model().backbone().mixers().stream().map(spec -> spec.id()).toList()) + ", width "
                + file.model().backbone().width() + ", " + file.model().backbone().heads() + " heads";
        return new Subject(folder.toString(), about, ProbedModel.of(file.load(folder)), vocabulary::encode,
                token -> vocabulary.decode(new int[] {token}), Math.toIntExact(file.model().backbone().length()));
    }
}
