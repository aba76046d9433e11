package io.heed.sequence.cca;

import java.util.LinkedHashMap;
import java.util.Map;

import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.nn.Form;
import io.heed.nn.Heads;
import io.heed.sequence.GoldenConfig;

/** Builds what core context aware attention's golden cases check. */
final class CcaGolden {
    private CcaGolden() { }

    /** {@code core}: q, k, v to out, fusion_weights (what the tokens of each group count) and mask. */
    static GoldenSubject core(GoldenCase golden, Form form) {
        CoreConfig cores = cores(new GoldenConfig(golden.config()));
        return GoldenSubject.of(in -> {
            Tensor q = in.get("q");
            Tensor k = in.get("k");
            Tensor v = in.get("v");
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            outputs.put("out", CoreAttention.outputs(q, k, v, cores, null, form));
            outputs.put("mask", CoreAttention.visible(q.size(2), cores));
            int count = cores.cores(q.size(2));
            if (count > 0 && cores.pool() == CoreConfig.Pool.CCA) {
                outputs.put("fusion_weights", CoreTokens.of(q, Heads.repeat(k, q.size(1)),
                        Heads.repeat(v, q.size(1)), count, cores, null).weights());
            }
            return outputs;
        });
    }

    /** {@code attention}: x to out and mask. */
    static GoldenSubject attention(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        CoreConfig cores = cores(config);
        int heads = config.integer("num_heads");
        CcaAttention attention = new CcaAttention(new CcaAttention.Sizes(config.integer("hidden_size"), heads,
                config.integer("num_key_value_heads", heads), config.number("rope_theta", 10_000), 1), cores);
        return new GoldenSubject(attention,
                in -> Map.of("out", attention.forward(in.get("x"), config.context(in, form)),
                "mask", CoreAttention.visible(in.get("x").size(1), cores)));
    }

    private static CoreConfig cores(GoldenConfig config) {
        String pool = config.text("pool_func").orElse("cca");
        return new CoreConfig(config.integer("group_size", 16), config.integer("window_size", 1024), switch (pool) {
            case "cca" -> CoreConfig.Pool.CCA;
            case "mean" -> CoreConfig.Pool.MEAN;
            case "max" -> CoreConfig.Pool.MAX;
            default -> throw new IllegalArgumentException("pool_func '" + pool + "' is none of cca, mean, max");
        });
    }
}
