package io.heed.cli.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.heed.data.ByteVocabulary;
import io.heed.data.CharacterVocabulary;
import io.heed.data.Vocabulary;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.LanguageModelConfig;
import io.heed.tensor.AtomicFile;
import io.heed.tensor.Safetensors;
import io.heed.tensor.Weights;
import io.heed.train.RunDirectory;

/**
 * What it takes, beside the weights, to build a run's model again: {@code model.json}.
 *
 * @param model      the model's shape
 * @param kind       {@code characters}, {@code bytes}, or {@code none} for tokens that are not text
 * @param characters the characters of the vocabulary in their order; empty for the other kinds
 */
public record ModelFile(LanguageModelConfig model, String kind, String characters) {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** Describes {@code model}, whose tokens are written in {@code vocabulary}. */
    public static ModelFile of(LanguageModelConfig model, Optional<Vocabulary> vocabulary) {
        return switch (vocabulary.orElse(null)) {
            case null -> new ModelFile(model, "none", "");
            case ByteVocabulary _ -> new ModelFile(model, "bytes", "");
            case CharacterVocabulary known -> new ModelFile(model, "characters", known.characters());
        };
    }

    /**
     * Reads the description in {@code run}.
     *
     * @throws IllegalArgumentException in one line when there is none
     */
    public static ModelFile read(Path run) throws IOException {
        Path file = run.resolve("model.json");
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException(run
                    + " holds no model: model.json is missing; name a folder that 'heed train'"
                    + " made, or one model's folder in a run of 'heed compare'");
        }
        try {
            JsonNode node = MAPPER.readTree(Files.readString(file));
            if (node.has("kind") && node.has("network")) {
                throw new IllegalArgumentException(run + " holds a " + node.get("kind").asText()
                        + ", and only language models write text");
            }
            return MAPPER.treeToValue(node, ModelFile.class);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(file + " is damaged: " + e.getOriginalMessage(), e);
        }
    }

    /**
     * Describes a model of another family.
     *
     * @param kind   what it is, e.g. {@code graph network}
     * @param config what it is built from: any object that Jackson can write
     */
    static void describe(RunDirectory run, String kind, Object config) throws IOException {
        ObjectNode file = MAPPER.createObjectNode().put("kind", kind);
        file.set("network", MAPPER.valueToTree(config));
        write(run, file);
    }

    /** Writes the description into {@code run}. */
    public void write(RunDirectory run) throws IOException {
        write(run, this);
    }

    private static void write(RunDirectory run, Object description) throws IOException {
        AtomicFile.write(run.path().resolve("model.json"),
                MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(description) + "\n");
    }

    /**
     * Builds the model and loads the trained weights of {@code run}.
     *
     * @throws IllegalArgumentException in one line when training is not finished
     */
    public LanguageModel load(Path run) throws IOException {
        Path weights = run.resolve("model.safetensors");
        if (!Files.isRegularFile(weights)) {
            throw new IllegalArgumentException(run + ": training is not finished, model.safetensors is missing;"
                    + " go on with 'heed train --resume " + run + "'");
        }
        LanguageModel built = new LanguageModel(model);
        Weights.load(built, Safetensors.open(weights));
        return built;
    }

    /**
     * The vocabulary.
     *
     * @throws IllegalArgumentException when the model's tokens are not text
     */
    public Vocabulary vocabulary() {
        return switch (kind) {
            case "characters" -> new CharacterVocabulary(characters);
            case "bytes" -> new ByteVocabulary();
            default -> throw new IllegalArgumentException("this model's tokens are not text, so it cannot write");
        };
    }
}
