package io.heed.inference.act;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

import com.fasterxml.jackson.databind.JsonNode;
import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenModule;
import io.heed.catalog.GoldenSubject;
import io.heed.tensor.Ops;

/** Builds what ACT's golden cases check. */
final class ActGolden {
    private ActGolden() { }

    static Map<String, GoldenModule> modules() {
        return Map.of("calibrate", ActGolden::calibrate, "attention", ActGolden::attention, "decode",
                ActGolden::decode);
    }

    /** attention to attention, average_score, sink. */
    private static GoldenSubject calibrate(GoldenCase golden) {
        int[] heads = heads(golden.config());
        Calibration calibration = calibration(golden.config(), Calibration.Keep.FIRST_FOUND);
        return GoldenSubject.of(in -> {
            SinkMap map = SinkMap.of(in.get("attention"), heads, calibration);
            return Map.of("attention", map.attention(), "average_score", map.score(), "sink", map.sink());
        });
    }

    /** hidden_states to output, attention, attention_before, sink. */
    private static GoldenSubject attention(GoldenCase golden) {
        JsonNode config = golden.config();
        int heads = config.path("num_heads").asInt();
        if (!config.path("causal").asBoolean(true)) {
            throw new IllegalArgumentException("act calibrates causal attention only");
        }
        ActLayer layer = new ActLayer(config.path("hidden_size").asInt(), heads,
                config.path("num_key_value_heads").asInt(heads), config.path("rope_theta").asDouble(10_000),
                heads(config),
                calibration(config, Calibration.Keep.FIRST_FOUND));
        return new GoldenSubject(layer, in -> {
            ActLayer.Output output = layer.forward(in.get("hidden_states"));
            return Map.of("output", output.output(), "attention", output.map().attention(), "attention_before",
                    output.before(),
                    "sink", output.map().sink());
        });
    }

    /**
     * Full maps (1, H, N, N), of which the rows from {@code prefix} on are new tokens, to rows and sink (H, N - prefix,
     * N); here sink is without the kept one.
     */
    private static GoldenSubject decode(GoldenCase golden) {
        int[] heads = heads(golden.config());
        Calibration calibration = calibration(golden.config(), Calibration.Keep.TOKEN0);
        int prefix = golden.config().path("prefix").asInt();
        return GoldenSubject.of(in -> rows(in.get("attention"), heads, calibration, prefix));
    }

    private static Map<String, Tensor> rows(Tensor maps, int[] heads, Calibration calibration, int prefix) {
        int length = Math.toIntExact(maps.size(-1));
        int count = Math.toIntExact(maps.size(1));
        float[] all = Ops.floats(maps);
        float[] rows = new float[count * (length - prefix) * length];
        boolean[] sinks = new boolean[rows.length];
        for (int head = 0; head < count; head++) {
            int h = head;
            boolean chosen = Arrays.stream(heads).anyMatch(one -> one == h);
            RunningSinks running = new RunningSinks(calibration);
            for (int t = 0; t < length; t++) {
                float[] row = Arrays.copyOfRange(all, (head * length + t) * length, (head * length + t + 1) * length);
                running.add(row);
                if (t >= prefix) {
                    boolean[] now = running.sinks();
                    if (chosen) {
                        running.calibrate(row, now);
                    }
                    int at = (head * (length - prefix) + t - prefix) * length;
                    System.arraycopy(row, 0, rows, at, length);
                    System.arraycopy(now, 0, sinks, at, now.length);
                    int kept = calibration.kept(now);
                    if (kept >= 0) {
                        sinks[at + kept] = false;
                    }
                }
            }
        }
        Map<String, Tensor> outputs = new LinkedHashMap<>();
        outputs.put("rows", Ops.of(rows, count, length - prefix, length));
        outputs.put("sink", Ops.of(sinks, count, length - prefix, length));
        return outputs;
    }

    private static int[] heads(JsonNode config) {
        JsonNode heads = config.path("heads");
        int[] chosen = new int[heads.size()];
        for (int i = 0; i < chosen.length; i++) {
            chosen[i] = heads.get(i).asInt();
        }
        return chosen;
    }

    private static Calibration calibration(JsonNode config, Calibration.Keep otherwise) {
        String keep = config.path("keep").asText(config.path("mode").asText(""));
        Calibration.Keep kept = switch (keep) {
            case "" -> otherwise;
            case "official", "first_found", "first-found" -> Calibration.Keep.FIRST_FOUND;
            case "token0", "paper", "reference" -> Calibration.Keep.TOKEN0;
            default -> throw new IllegalArgumentException("act keeps 'first_found' or 'token0', not '" + keep + "'");
        };
        String rule = config.path("rule").asText(config.has("alpha") ? "alpha/N" : "fixed");
        return switch (rule) {
            case "fixed" -> new Calibration(config.path("beta").asDouble(0.4), config.path("threshold").asDouble(0.1),
                    Calibration.Rule.FIXED, kept);
            case "alpha/N", "alpha" -> new Calibration(config.path("beta").asDouble(0.4),
                    config.path("alpha").asDouble(config.path("threshold").asDouble(5)), Calibration.Rule.RELATIVE,
                    kept);
            default -> throw new IllegalArgumentException("act's rule is 'fixed' or 'alpha/N', not '" + rule + "'");
        };
    }
}
