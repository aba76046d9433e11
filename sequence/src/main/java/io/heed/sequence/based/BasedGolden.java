package io.heed.sequence.based;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.fasterxml.jackson.databind.JsonNode;
import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.nn.Form;
import io.heed.sequence.GoldenConfig;
import io.heed.sequence.MixerState;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;

/** Builds what BASED's golden cases check. */
final class BasedGolden {
    private BasedGolden() { }

    /** {@code linear-attention}: x to y and phi_q, the queries' features with all f^2 products. */
    static GoldenSubject linear(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        TaylorLinearAttention mixer = new TaylorLinearAttention(linear(config));
        return new GoldenSubject(mixer, in -> Map.of("y", mixer.forward(in.get("x"), config.context(in, form)),
                "phi_q", TaylorMap.full(mixer.queries(in.get("x")))));
    }

    /** {@code linear-attention-step}: x, prompt_len to y and the state, its sums over all f^2 products. */
    static GoldenSubject step(GoldenCase golden) {
        GoldenConfig config = new GoldenConfig(golden.config());
        TaylorLinearAttention.Config linear = linear(config);
        TaylorLinearAttention mixer = new TaylorLinearAttention(linear);
        return new GoldenSubject(mixer, in -> {
            Tensor x = in.get("x");
            long prompt = in.containsKey("prompt_len") ? Ops.longs(in.get("prompt_len"))[0]
                    : config.integer("prompt_len", 0);
            try (MixerState state = mixer.state(x.size(0))) {
                List<Tensor> parts = new ArrayList<>();
                if (prompt > 0) {
                    parts.add(mixer.prefill(x.narrow(1, 0, prompt), state));
                }
                for (long t = prompt; t < x.size(1); t++) {
                    parts.add(mixer.step(x.select(1, t), state).unsqueeze(1));
                }
                Tensor sums = TaylorMap.expand(((io.heed.sequence.TensorState) state).get(0), linear.featureWidth());
                Tensor values = sums.narrow(-1, 0, linear.headWidth()).transpose(-2, -1);
                return Map.of("y", Ops.cat(1, parts.toArray(Tensor[]::new)), "kv_state", values.contiguous(),
                        "k_state", sums.select(-1, -1).clone());
            }
        });
    }

    private static TaylorLinearAttention.Config linear(GoldenConfig config) {
        int width = config.integer("d_model");
        int heads = config.integer("num_heads");
        return new TaylorLinearAttention.Config(width, heads, config.integer("feature_dim", 16),
                config.integer("head_dim", width / heads), config.number("eps", TaylorLinearAttention.EPSILON),
                        FeatureMap.TAYLOR,
                1);
    }

    /** {@code short-convolution}: x to y. */
    static GoldenSubject convolution(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        int width = config.integer("d_model");
        GatedConvolution mixer = new GatedConvolution(new GatedConvolution.Config(width,
                config.integer("d_inner", config.integer("expand_proj", 4) * width / 2), config.integer("kernel_size",
                        3),
                config.flag("use_bias", true), config.flag("conv_bias", false), 1));
        return new GoldenSubject(mixer, in -> Map.of("y", mixer.forward(in.get("x"), config.context(in, form))));
    }

    /** {@code sliding-window}: x to y. */
    static GoldenSubject window(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        int width = config.integer("d_model");
        int heads = config.integer("num_heads");
        boolean turned = config.text("rotary").isPresent() || !golden.config().has("rotary");
        SlidingAttention mixer = new SlidingAttention(new SlidingAttention.Config(width, heads,
                config.integer("effective_left", config.integer("window_size", 128) / 2),
                turned ? config.integer("rotary_dim", 0) : 0, config.flag("bias", false), 1));
        return new GoldenSubject(mixer, in -> Map.of("y", mixer.forward(in.get("x"), config.context(in, form))));
    }

    /** {@code stack}: x to y. */
    static GoldenSubject stack(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        int width = config.integer("d_model");
        List<SequenceMixer> mixers = new ArrayList<>();
        for (JsonNode layer : golden.config().path("layers")) {
            mixers.add(layer(layer.asText(), width));
        }
        BasedStack stack = new BasedStack(mixers, width, config.integer("mlp_hidden", 2 * width));
        return new GoldenSubject(stack, in -> Map.of("y", stack.forward(in.get("x"), config.context(in, form))));
    }

    /** A layer as a case describes it: its name, then pairs of a word and a number. */
    private static SequenceMixer layer(String text, int width) {
        int heads = number(text, "heads", 1);
        if (text.startsWith("BaseConv")) {
            return new GatedConvolution(new GatedConvolution.Config(width, number(text, "expand", 4) * width / 2,
                    number(text, "kernel", 3), true, false, 1));
        }
        if (text.startsWith("LinearAttention")) {
            return new TaylorLinearAttention(TaylorLinearAttention.Config.of(width, heads, number(text, "feature",
                    16), 1));
        }
        if (text.startsWith("SlidingAttention")) {
            return new SlidingAttention(new SlidingAttention.Config(width, heads,
                    number(text, "left", number(text, "window", 128) / 2), number(text, "rotary", 0), false, 1));
        }
        throw new IllegalArgumentException("layer '" + text
                + "' is none of BaseConv, LinearAttention, SlidingAttention");
    }

    private static int number(String text, String word, int standard) {
        Matcher matcher = Pattern.compile(word + "\\s*[:=]?\\s*(\\d+)").matcher(text);
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : standard;
    }
}
