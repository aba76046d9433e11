package io.heed.sequence.sigmoid;

import java.util.LinkedHashMap;
import java.util.Map;

import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.nn.Form;
import io.heed.nn.Padding;
import io.heed.sequence.GoldenConfig;
import io.heed.sequence.MixerContext;

/** Builds what sigmoid attention's golden cases check. */
final class SigmoidGolden {
    private SigmoidGolden() { }

    /** {@code attention}: x, perhaps padding_mask (true = real token) to attn_matrix, attn_times_v, attn_proj. */
    static GoldenSubject attention(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        SigmoidAttention attention = new SigmoidAttention(attentionConfig(config));
        return new GoldenSubject(attention, in -> {
            MixerContext context = config.context(in, form);
            Map<String, Tensor> outputs = outputs(attention.trace(in.get("x"), context));
            outputs.put("attn_proj", attention.forward(in.get("x"), context));
            return outputs;
        });
    }

    /** {@code block}: x to the attention's outputs, mlp_output and block_output. */
    static GoldenSubject block(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        SigmoidConfig attention = attentionConfig(config);
        String scaling = config.text("scaling").orElse("identity");
        SigmoidBlockConfig.Branch branch = scaling.contains("layerscale") ? SigmoidBlockConfig.Branch.LAYER_SCALE
                : scaling.contains("norm") ? SigmoidBlockConfig.Branch.NORM : SigmoidBlockConfig.Branch.IDENTITY;
        SigmoidBlockConfig.Kind kind = config.text("norm").orElse("layernorm").contains("rms")
                ? SigmoidBlockConfig.Kind.RMS
                : SigmoidBlockConfig.Kind.LAYER;
        SigmoidBlock block = new SigmoidBlock(new SigmoidBlockConfig(attention,
                config.integer("mlp_hidden", 4 * (int) attention.width()),
                new SigmoidBlockConfig.NormKind(kind, config.epsilon("norm", 1e-5)), branch, 1e-4));
        return new GoldenSubject(block, in -> {
            MixerContext context = config.context(in, form);
            SigmoidBlock.Trace trace = block.trace(in.get("x"), context);
            Map<String, Tensor> outputs = outputs(trace.attention());
            outputs.put("mlp_output", trace.mlp());
            outputs.put("block_output", block.forward(in.get("x"), context));
            return outputs;
        });
    }

    /** {@code cross-attention}: q, kv, perhaps padding_mask over kv to attn_matrix, attn_times_v, attn_proj. */
    static GoldenSubject crossAttention(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        SigmoidCrossAttention attention = new SigmoidCrossAttention(attentionConfig(config));
        return new GoldenSubject(attention, in -> {
            Padding padding = config.padding(in).orElse(null);
            Map<String, Tensor> outputs = outputs(attention.trace(in.get("q"), in.get("kv"), padding));
            outputs.put("attn_proj", attention.forward(in.get("q"), in.get("kv"), padding, form));
            return outputs;
        });
    }

    private static SigmoidConfig attentionConfig(GoldenConfig config) {
        int width = config.integer("dim");
        int heads = config.integer("heads");
        String positions = config.text("pos").orElse("");
        return new SigmoidConfig(width, heads, heads, config.flag("causal", false),
                positions.contains("alibi") ? SigmoidConfig.Positions.ALIBI
                        : positions.contains("rope") || positions.contains("rotary") ? SigmoidConfig.Positions.ROTARY
                        : SigmoidConfig.Positions.NONE,
                config.text("qk_norm").isPresent(), config.epsilon("qk_norm", 1e-5), config.number("attn_bias", 0),
                config.number("attn_temp", 0), config.flag("linear_bias", false), SigmoidConfig.RowNormalisation.NONE,
                SigmoidConfig.Window.UNLIMITED, 0);
    }

    private static Map<String, Tensor> outputs(SigmoidTrace trace) {
        Map<String, Tensor> outputs = new LinkedHashMap<>();
        outputs.put("attn_matrix", trace.matrix());
        outputs.put("attn_times_v", trace.timesValues());
        outputs.put("attn_proj", trace.projected());
        return outputs;
    }
}
