package io.heed.cli.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;

import io.heed.train.ConfigReader;
import io.heed.train.TrainConfig;

/**
 * What to compare.
 *
 * @param task   what is learnt; it also says which family's mixers are compared, see {@link Contests}
 * @param text   a UTF-8 text file; empty for the built-in WordNet glosses
 * @param data   a folder that holds data sets; empty for the usual places
 * @param images a folder of images by class; empty for none
 * @param mixers the mixers, as the user writes them; several joined by a plus are the layers' in turn
 * @param steps  training steps of each model
 * @param seeds  seeds of weights and batches; every mixer runs once with each
 * @param width  channels of the model
 * @param layers blocks of the model
 * @param heads  heads of each mixer
 * @param length tokens in a training sequence, or height and width of the user's own images; 0 for tasks without
 * @param batch  sequences, nodes or images in a step; 0 for a whole graph
 * @param rate   peak learning rate
 * @param split  which of a data set's published splits; -1 for the seed's own, seed s taking split s modulo their
 *               number, so that as many seeds as splits average over all of them
 */
public record CompareSettings(String task, String text, String data, String images, List<String> mixers, long steps,
                              List<Long> seeds, long width, int layers, int heads, int length, int batch, double rate,
                              int split) {
    /** Each seed its own split. */
    public static final int SPLIT_OF_SEED = -1;

    private static final int EVALUATIONS = 12;
    private static final String USUAL_TASK = "text";

    /** @throws IllegalArgumentException in one line for a value that is out of its range in every family */
    public CompareSettings {
        mixers = List.copyOf(mixers);
        seeds = List.copyOf(seeds);
        check(!mixers.isEmpty(), "mixers", "empty", "one name or more, separated by commas");
        check(mixers.stream().distinct().count() == mixers.size(), "mixers", String.join(",", mixers), "all different");
        check(steps >= 1, "steps", steps, "at least 1");
        check(!seeds.isEmpty() && seeds.stream().distinct().count() == seeds.size(), "seeds", seeds,
                "a count of at least 1 or a list of different numbers");
        check(layers >= 1, "layers", layers, "at least 1");
        check(heads >= 1, "heads", heads, "at least 1");
        check(width >= 1 && width % heads == 0, "width", width, "a multiple of the heads (" + heads + ")");
        check(split >= SPLIT_OF_SEED, "split", split, "a number from 0, or -1 for the seed's own");
        check(rate > 0 && Double.isFinite(rate), "rate", rate, "positive");
    }

    /** The same with other mixers. */
    public CompareSettings withMixers(List<String> mixers) {
        return new CompareSettings(task, text, data, images, mixers, steps, seeds, width, layers, heads, length,
                batch, rate, split);
    }

    /** How each model is trained; the seed is still to be set. */
    public TrainConfig training() {
        long every = Math.max(1, steps / EVALUATIONS);
        return TrainConfig.defaults().withRate(rate).withSteps(steps).withEvery(every, every);
    }

    /**
     * Settings from keys over the defaults of the task that they name.
     *
     * @param keys any of this record's names; {@code seeds} may be a count, {@code mixers} one text with commas or
     *             {@code all}
     * @param what names the source in messages, e.g. {@code configuration small.yaml}
     * @throws IllegalArgumentException in one line, also for what only the task's family can judge
     */
    public static CompareSettings read(ObjectNode keys, String what) {
        ObjectNode plain = keys.deepCopy();
        JsonNode seeds = keys.get("seeds");
        if (seeds != null && seeds.isIntegralNumber()) {
            check(seeds.longValue() >= 1 && seeds.longValue() <= 1000, "seeds", seeds,
                    "a count from 1 to 1000, or a list");
            ArrayNode list = plain.putArray("seeds");
            for (long seed = 0; seed < seeds.longValue(); seed++) {
                list.add(seed);
            }
        }
        String task = keys.path("task").asText(keys.has("images") ? ImageContests.OWN : USUAL_TASK);
        plain.put("task", task);
        ContestFamily family = judged(what, () -> Contests.of(task));
        JsonNode mixers = keys.get("mixers");
        if (mixers != null && mixers.isTextual()) {
            plain.set("mixers", names(mixers.textValue(), family));
        }
        CompareSettings settings = ConfigReader.read(plain, family.defaults(task), what);
        return judged(what, () -> {
            Contests.check(settings);
            return settings;
        });
    }

    /** What {@code judge} gives; its complaints get the source's name in front, as {@link ConfigReader}'s have it. */
    private static <T> T judged(String what, Supplier<T> judge) {
        try {
            return judge.get();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("in the " + what + ": " + e.getMessage(), e);
        }
    }

    /**
     * The keys of a YAML (or JSON) file.
     *
     * @throws IllegalArgumentException in one line when it is not a file of keys and values
     */
    public static ObjectNode keys(Path file) throws IOException {
        JsonNode node;
        try {
            node = new YAMLMapper().readTree(Files.readString(file));
        } catch (JsonProcessingException e) {
            String where = e.getLocation() == null ? "" : " line " + e.getLocation().getLineNr();
            throw new IllegalArgumentException(file + where + ": not valid YAML: "
                    + e.getOriginalMessage().lines().findFirst().orElse(""), e);
        }
        if (node instanceof ObjectNode keys) {
            return keys;
        }
        if (node == null || node.isMissingNode() || node.isNull()) {
            return JsonNodeFactory.instance.objectNode();
        }
        throw new IllegalArgumentException(file + ": must hold keys and values, one 'key: value' a line");
    }

    /** {@code a,b,c} as a list; commas within a mixer's own options ({@code a:x=1,y=2}) do not separate. */
    private static ArrayNode names(String text, ContestFamily family) {
        List<String> names = new ArrayList<>();
        if (text.strip().equals("all")) {
            names.addAll(family.mixers());
        } else {
            for (String part : text.split(",")) {
                boolean option = part.contains("=") && !part.contains(":") && !names.isEmpty();
                if (option) {
                    names.set(names.size() - 1, names.getLast() + "," + part.strip());
                } else if (!part.isBlank()) {
                    names.add(part.strip());
                }
            }
        }
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        names.forEach(list::add);
        return list;
    }

    static void check(boolean holds, String key, Object value, String range) {
        if (!holds) {
            throw new IllegalArgumentException(key + " is " + value + ", must be " + range);
        }
    }
}
