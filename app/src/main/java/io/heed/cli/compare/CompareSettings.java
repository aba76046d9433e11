package io.heed.cli.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;

import io.heed.sequence.MixerSpec;
import io.heed.sequence.Mixers;
import io.heed.train.ConfigReader;
import io.heed.train.NearestName;
import io.heed.train.TrainConfig;

/**
 * What to compare.
 *
 * @param task   {@code text} or {@code mqar}
 * @param text   a UTF-8 text file; empty for the built-in WordNet glosses
 * @param mixers the mixers, as the user writes them
 * @param steps  training steps of each model
 * @param seeds  seeds of weights and batches; every mixer runs once with each
 * @param width  channels of the model
 * @param layers blocks of the model
 * @param heads  heads of each mixer
 * @param length tokens in a training sequence
 * @param batch  sequences in a step
 * @param rate   peak learning rate
 */
public record CompareSettings(String task, String text, List<String> mixers, long steps, List<Long> seeds, long width,
                              int layers, int heads, int length, int batch, double rate) {
    /** The mixers of a comparison that names none. */
    static final List<String> USUAL = List.of("softmax", "sigmoid-attention", "lightning-attention", "aaren");

    private static final int EVALUATIONS = 12;
    private static final List<String> TASKS = List.of("text", "mqar");

    /** @throws IllegalArgumentException in one line for a value out of its range or an unknown task or mixer */
    public CompareSettings {
        mixers = List.copyOf(mixers);
        seeds = List.copyOf(seeds);
        if (!TASKS.contains(task)) {
            throw new IllegalArgumentException(NearestName.unknown("task '" + task + "'", task, TASKS));
        }
        if (!text.isEmpty() && !task.equals("text")) {
            throw new IllegalArgumentException("a text file needs the task text, not " + task + ": leave one of them out");
        }
        check(!mixers.isEmpty(), "mixers", "empty", "one name or more, separated by commas");
        check(mixers.stream().distinct().count() == mixers.size(), "mixers", String.join(",", mixers), "all different");
        mixers.forEach(mixer -> Mixers.named(MixerSpec.parse(mixer).id()));
        check(steps >= 1, "steps", steps, "at least 1");
        check(!seeds.isEmpty() && seeds.stream().distinct().count() == seeds.size(), "seeds", seeds,
                "a count of at least 1 or a list of different numbers");
        check(layers >= 1, "layers", layers, "at least 1");
        check(heads >= 1, "heads", heads, "at least 1");
        check(width >= 1 && width % heads == 0, "width", width, "a multiple of the heads (" + heads + ")");
        check(length >= 2, "length", length, "at least 2");
        check(batch >= 1, "batch", batch, "at least 1");
        check(rate > 0 && Double.isFinite(rate), "rate", rate, "positive");
    }

    /** How each model is trained; the seed is still to be set. */
    public TrainConfig training() {
        long every = Math.max(1, steps / EVALUATIONS);
        return TrainConfig.defaults().withRate(rate).withSteps(steps).withEvery(every, every);
    }

    /** The settings of a comparison on {@code task} that says nothing else. */
    static CompareSettings defaults(String task) {
        return task.equals("mqar")
                ? new CompareSettings(task, "", USUAL, 600, List.of(0L), 64, 2, 2, 64, 64, 3e-3)
                : new CompareSettings(task, "", USUAL, 320, List.of(0L), 128, 2, 4, 256, 8, 3e-3);
    }

    /**
     * Settings from keys over the defaults of the task that they name.
     *
     * @param keys any of this record's names; {@code seeds} may be a count, {@code mixers} one text with commas or
     *             {@code all}
     * @param what names the source in messages, e.g. {@code configuration small.yaml}
     * @throws IllegalArgumentException in one line
     */
    public static CompareSettings read(ObjectNode keys, String what) {
        ObjectNode plain = keys.deepCopy();
        JsonNode seeds = keys.get("seeds");
        if (seeds != null && seeds.isIntegralNumber()) {
            check(seeds.longValue() >= 1 && seeds.longValue() <= 1000, "seeds", seeds, "a count from 1 to 1000, or a list");
            ArrayNode list = plain.putArray("seeds");
            for (long seed = 0; seed < seeds.longValue(); seed++) {
                list.add(seed);
            }
        }
        JsonNode mixers = keys.get("mixers");
        if (mixers != null && mixers.isTextual()) {
            plain.set("mixers", names(mixers.textValue()));
        }
        String task = keys.path("task").asText("text");
        return ConfigReader.read(plain, defaults(TASKS.contains(task) ? task : "text"), what);
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
    private static ArrayNode names(String text) {
        List<String> names = new ArrayList<>();
        if (text.strip().equals("all")) {
            Mixers.all().forEach(kind -> names.add(kind.id()));
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

    private static void check(boolean holds, String key, Object value, String range) {
        if (!holds) {
            throw new IllegalArgumentException(key + " is " + value + ", must be " + range);
        }
    }
}
