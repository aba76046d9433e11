package io.heed.sequence.cab;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

import com.fasterxml.jackson.databind.JsonNode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenModule;
import io.heed.catalog.GoldenSubject;
import io.heed.nn.Form;
import io.heed.nn.Padding;
import io.heed.sequence.GoldenConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.Pattern;
import io.heed.tensor.Ops;

/** Builds what the benchmark's golden cases check. */
final class CabGolden {
    private CabGolden() { }

    /** Builds an attention from the config's sizes. */
    private interface Builder {
        BenchmarkAttention build(BenchmarkAttention.Sizes sizes, GoldenConfig config);
    }

    /** The modules that are checked, in one form. */
    static Map<String, GoldenModule> modules(Form form) {
        Map<String, Builder> builders = new LinkedHashMap<>();
        builders.put("vanilla", (sizes, config) -> new WindowedAttention(sizes, 0));
        builders.put("local", (sizes, config) -> new WindowedAttention(sizes, config.integer("wsize", 15)));
        builders.put("abc", (sizes, config) -> new AbcAttention(sizes, config.integer("num_landmarks", 16),
                AbcAttention.Memory.NEWEST));
        builders.put("performer", (sizes, config) -> new Performer(sizes, config.integer("approx_attn_dim", 16)));
        builders.put("cosformer", (sizes, config) -> new CosFormer(sizes));
        builders.put("nystrom", (sizes, config) -> new NystromAttention(sizes, config.integer("num_landmarks", 16),
                NystromAttention.Scope.BATCH));
        Map<String, GoldenModule> modules = new HashMap<>();
        builders.forEach((name, builder) -> modules.put(name, golden -> subject(golden, builder, form)));
        modules.put("compositional-index", CabGolden::index);
        return modules;
    }

    /** query, perhaps key, value and key_padding_mask (true = padded) to output. */
    private static GoldenSubject subject(GoldenCase golden, Builder builder, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        boolean masked = config.flag("causal_mask", false);
        // a causal mask lays queries over keys, whatever the keys are of; a memory has none
        boolean cross = !masked && (golden.contains("input.key") || config.flag("cross", false));
        boolean causal = masked || !cross && config.flag("causal", false);
        BenchmarkAttention attention = builder.build(new BenchmarkAttention.Sizes(config.integer("embed_dim"),
                config.integer("num_heads", 1), causal, 0, 1), config);
        boolean batchFirst = config.flag("batch_first", true);
        return new GoldenSubject(attention, in -> {
            Tensor query = rows(in.get("query"), batchFirst);
            Optional<Padding> padding = Optional.ofNullable(in.get("key_padding_mask"))
                    .map(mask -> new Padding(mask.to(ScalarType.Bool)));
            Tensor key = in.containsKey("key") ? rows(in.get("key"), batchFirst) : query;
            Tensor value = in.containsKey("value") ? rows(in.get("value"), batchFirst) : key;
            MixerContext context = MixerContext.of(form);
            Tensor output = attention.attend(query, key, value, cross ? context.withMemory(key, padding.orElse(null))
                    : padding.map(context::withPadding).orElse(context));
            return Map.of("output", rows(output, batchFirst));
        });
    }

    /** (n, B, D) to (B, n, D) and back, where the config says so. */
    private static Tensor rows(Tensor x, boolean batchFirst) {
        return batchFirst ? x : x.transpose(0, 1);
    }

    /** Metrics of each pattern to the scores of its tasks and its index. */
    private static GoldenSubject index(GoldenCase golden) {
        List<Pattern> order = List.of(Pattern.NONCAUSAL_SELF, Pattern.CAUSAL_SELF, Pattern.NONCAUSAL_CROSS,
                Pattern.CAUSAL_CROSS);
        return GoldenSubject.of(in -> {
            Map<String, Tensor> outputs = new HashMap<>();
            for (int i = 0; i < order.size(); i++) {
                String name = order.get(i).name().toLowerCase(Locale.ROOT);
                if (in.containsKey(name)) {
                    PublishedIndex published = PublishedIndex.of(order.get(i));
                    CompositionalIndex index = new CompositionalIndex(numbers(golden, "mu", i, published.mu()),
                            numbers(golden, "sigma", i, published.sigma()),
                                    numbers(golden, "sign", i, published.sign()),
                            published.tasks());
                    double[] metrics = Ops.doubles(in.get(name));
                    outputs.put(name + "_tasks", single(index.taskScores(metrics), index.taskScores(metrics).length));
                    outputs.put(name, single(new double[] {index.index(metrics)}));
                }
            }
            return outputs;
        });
    }

    private static double[] numbers(GoldenCase golden, String key, int pattern, double[] standard) {
        JsonNode row = golden.config().path(key).path(pattern);
        if (!row.isArray()) {
            return standard;
        }
        double[] numbers = new double[row.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = row.get(i).asDouble();
        }
        return numbers;
    }

    private static Tensor single(double[] values, long... shape) {
        return Ops.of(values).to(ScalarType.Float).view(shape);
    }
}
