package io.heed.sequence.flowformer;

import java.util.Map;

import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.nn.Form;
import io.heed.sequence.GoldenConfig;
import io.heed.sequence.MixerContext;

/** Builds what Flowformer's golden cases check. */
final class FlowGolden {
    private FlowGolden() { }

    /** {@code flow-attention}, {@code flow-attention-causal}: x, or queries, keys and values, to y. */
    static GoldenSubject attention(GoldenCase golden, boolean causal, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        int width = config.integer("d_model");
        FlowAttention attention = new FlowAttention(new FlowAttention.Sizes(config.integer("d_input", width), width,
                config.integer("d_output", width), config.integer("heads"), 0, 1), flow(config, config.flag("causal",
                        causal)));
        return new GoldenSubject(attention, in -> {
            Tensor x = in.get("x");
            Tensor queries = in.getOrDefault("queries", x);
            Tensor keys = in.getOrDefault("keys", queries);
            MixerContext context = config.context(in, form);
            return Map.of("y", attention.attend(queries, keys, in.getOrDefault("values", keys),
                    keys == queries ? context : MixerContext.of(form)));
        });
    }

    /** {@code block}: x to y. */
    static GoldenSubject block(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        int width = config.integer("n_embd");
        FlowBlock block = new FlowBlock(FlowAttention.Sizes.of(width, config.integer("n_head")),
                flow(config, config.flag("causal", true)), config.integer("mlp_hidden", 4 * width),
                !config.text("gelu").orElse("tanh").contains("tanh"), config.number("ln_eps", 1e-5));
        return new GoldenSubject(block, in -> Map.of("y", block.forward(in.get("x"), config.context(in, form))));
    }

    private static FlowConfig flow(GoldenConfig config, boolean causal) {
        return FlowConfig.of(causal).withEpsilon(config.number("eps", 1e-6)).withClamp(config.number("clamp", 1));
    }
}
