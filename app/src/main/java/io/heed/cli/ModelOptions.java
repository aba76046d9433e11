package io.heed.cli;

import java.io.IOException;
import java.nio.file.Path;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import picocli.CommandLine.Option;

import io.heed.cli.compare.CompareSettings;

/** The options that say what to train on and how large; shared by {@code compare} and {@code train}. */
final class ModelOptions {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @Option(names = "--task", paramLabel = "NAME",
            description = {"What to learn: text (the next character) or mqar (associative recall);",
                "the nodes of a graph: wordnet-nodes, cora, citeseer, pubmed, texas, chameleon-filtered, minesweeper,",
                "ogbn-arxiv; the classes of images: fashion-mnist, mnist, cifar-10, cifar-100, shapes, or",
                "images (your own)."})
    private String task;

    @Option(names = "--text", paramLabel = "FILE",
            description = "Your own text, UTF-8, instead of the WordNet glosses.")
    private Path text;

    @Option(names = "--images", paramLabel = "DIR",
            description = "Your own images, a folder of them for each class, scaled to --length (32) pixels.")
    private Path images;

    @Option(names = "--data", paramLabel = "DIR",
            description = "Folder that holds data sets, beside the usual places ('heed data list' names them).")
    private Path data;

    @Option(names = "--steps", paramLabel = "N", description = "Training steps of each model.")
    private Long steps;

    @Option(names = "--width", paramLabel = "N", description = "Channels of the model.")
    private Long width;

    @Option(names = "--layers", paramLabel = "N", description = "Layers of the model.")
    private Integer layers;

    @Option(names = "--heads", paramLabel = "N", description = "Heads of each mixer.")
    private Integer heads;

    @Option(names = "--length", paramLabel = "N", description = "Tokens in a training sequence.")
    private Integer length;

    @Option(names = "--batch", paramLabel = "N",
            description = "Sequences, images or nodes in a training step; 0 for the whole graph.")
    private Integer batch;

    @Option(names = "--rate", paramLabel = "R", description = "Peak learning rate.")
    private Double rate;

    @Option(names = "--split", paramLabel = "N",
            description = "Which of a graph's published splits, from 0; without it seed s takes number s, in turn.")
    private Integer split;

    @Option(names = "--config", paramLabel = "FILE",
            description = "Settings from a YAML file, under these options' names; options go over them.")
    private Path config;

    /** Whether any of these options was given. */
    boolean isGiven() {
        return config != null || !given().isEmpty();
    }

    /** Whether the configuration file has {@code key}. */
    boolean names(String key) throws IOException {
        return config != null && CompareSettings.keys(config).has(key);
    }

    /** The keys of the configuration file, with the options and {@code further} over them. */
    CompareSettings settings(ObjectNode further) throws IOException {
        ObjectNode keys = config == null ? JsonNodeFactory.instance.objectNode() : CompareSettings.keys(config);
        keys.setAll(given());
        keys.setAll(further);
        if (config != null) {
            return CompareSettings.read(keys, "configuration " + config);
        }
        try {
            return CompareSettings.read(keys, "options");
        } catch (IllegalArgumentException e) {
            // There is no file to name.
            throw new IllegalArgumentException(e.getMessage().replaceFirst("^in the options: ", ""), e);
        }
    }

    private ObjectNode given() {
        ObjectNode keys = JsonNodeFactory.instance.objectNode();
        put(keys, "task", task);
        put(keys, "text", text == null ? null : text.toAbsolutePath().normalize().toString());
        put(keys, "images", images == null ? null : images.toAbsolutePath().normalize().toString());
        put(keys, "data", data == null ? null : data.toAbsolutePath().normalize().toString());
        put(keys, "steps", steps);
        put(keys, "width", width);
        put(keys, "layers", layers);
        put(keys, "heads", heads);
        put(keys, "length", length);
        put(keys, "batch", batch);
        put(keys, "rate", rate);
        put(keys, "split", split);
        return keys;
    }

    /** Sets {@code key} unless {@code value} is null. */
    static void put(ObjectNode keys, String key, Object value) {
        if (value != null) {
            keys.set(key, MAPPER.valueToTree(value));
        }
    }
}
