package io.heed.sequence.transnormer;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import com.fasterxml.jackson.databind.JsonNode;
import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.nn.Form;
import io.heed.sequence.BackboneState;
import io.heed.sequence.GoldenConfig;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/** Builds what TransNormerLLM's golden cases check. */
final class TransNormerGolden {
    private static final long IGNORED = -1;

    private TransNormerGolden() { }

    /** {@code norm-linear-attention}: x, slope (H), perhaps padding_mask (true = real token) to y. */
    static GoldenSubject mixer(GoldenCase golden, Form form) throws IOException {
        GoldenConfig config = new GoldenConfig(golden.config());
        NormLinearAttention mixer = new NormLinearAttention(layer(golden));
        return new GoldenSubject(mixer, in -> Map.of("y", mixer.forward(in.get("x"), config.context(in, form))));
    }

    /** {@code block}: x, slope (H), perhaps padding_mask to y. */
    static GoldenSubject block(GoldenCase golden, Form form) throws IOException {
        GoldenConfig config = new GoldenConfig(golden.config());
        NormLinearConfig layer = layer(golden);
        TransNormerBlock block = new TransNormerBlock(layer, config.integer("glu_dim", 2 * (int) layer.width()));
        return new GoldenSubject(block, in -> Map.of("y", block.forward(in.get("x"), config.context(in, form))));
    }

    /** {@code language-model}: tokens, targets to logits, loss. */
    static GoldenSubject model(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        TransNormerLlm model = new TransNormerLlm(model(config));
        return new GoldenSubject(model, in -> {
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            Tensor logits = model.forward(in.get("tokens"), config.context(in, form));
            outputs.put("logits", logits);
            if (in.containsKey("targets")) {
                outputs.put("loss", TransNormerLlm.loss(logits, in.get("targets"),
                        config.integer("ignore_index", (int) IGNORED)));
            }
            return outputs;
        });
    }

    /**
     * {@code recurrent-decoding}: tokens, prompt_len to the logits from the prompt's last token on, and each layer's
     * state.
     */
    static GoldenSubject decoding(GoldenCase golden) {
        GoldenConfig config = new GoldenConfig(golden.config());
        TransNormerLlm model = new TransNormerLlm(model(config));
        return new GoldenSubject(model, in -> {
            Tensor tokens = in.get("tokens");
            long prompt = in.containsKey("prompt_len") ? in.get("prompt_len").item_long()
                    : config.integer("prompt_len");
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            try (BackboneState state = model.state(tokens.size(0))) {
                List<Tensor> logits = new ArrayList<>();
                logits.add(model.prefill(tokens.narrow(1, 0, prompt), state).select(1, -1));
                for (long t = prompt; t < tokens.size(1); t++) {
                    logits.add(model.step(tokens.select(1, t), state));
                }
                outputs.put("logits", Ops.stack(1, logits.toArray(Tensor[]::new)));
                for (int layer = 0; layer < model.config().layers(); layer++) {
                    outputs.put("state." + layer, ((TensorState) state.layer(layer)).get(0).clone());
                }
            }
            return outputs;
        });
    }

    /** The slopes given are decay rates, the layer's factor included. */
    private static NormLinearConfig layer(GoldenCase golden) throws IOException {
        GoldenConfig config = new GoldenConfig(golden.config());
        double[] rates = Ops.doubles(golden.inputs().get("slope"));
        int heads = config.integer("n_head");
        if (rates.length != heads) {
            throw new IllegalArgumentException("slope has " + rates.length + " values for n_head = " + heads);
        }
        return new NormLinearConfig(config.integer("n_embd"), rates, config.flag("bias", false),
                config.flag("use_lrpe", true), true, ChannelNorm.SIMPLE_RMS, config.number("eps", ChannelNorm.EPSILON),
                1);
    }

    private static TransNormerConfig model(GoldenConfig config) {
        Set<Integer> lrpe = new HashSet<>();
        for (JsonNode layer : config.json().path("lrpe_layers")) {
            lrpe.add(layer.asInt());
        }
        int width = config.integer("n_embd");
        return new TransNormerConfig(config.integer("vocab_size"), config.integer("n_layer"), config.integer("n_head"),
                width,
                config.integer("glu_dim", 2 * width), config.flag("bias", false), lrpe, config.flag("tied_head", true),
                config.number("embed_scale", 1), true, true, ChannelNorm.SIMPLE_RMS,
                config.number("eps", ChannelNorm.EPSILON));
    }
}
