package io.heed.sequence.bam;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.nn.Form;
import io.heed.nn.Initialisation;
import io.heed.nn.Registration;
import io.heed.sequence.GoldenConfig;
import io.heed.sequence.MixerContext;
import io.heed.tensor.Ops;

/** Builds what BAM's golden cases check. */
final class BamGolden {
    private BamGolden() { }

    /** {@code bam-block}: x to out, load_balance_loss, z_loss and ffn_expert. */
    static GoldenSubject block(GoldenCase golden, Form form) {
        BamBlock block = new BamBlock(config(new GoldenConfig(golden.config())));
        return new GoldenSubject(block, in -> {
            Tensor x = in.get("x");
            BamBlock.Trace trace = block.trace(x, block.weights(), MixerContext.of(form));
            return Map.of("out", trace.out(), "load_balance_loss", trace.routing().loadBalance(),
                    "z_loss", trace.routing().zLoss(),
                    "ffn_expert", trace.routing().experts().view(x.size(0), x.size(1), -1));
        });
    }

    /** {@code upcycling}: x and dense weights to the upcycled weights, out and dense_out. */
    static GoldenSubject upcycling(GoldenCase golden, Form form) {
        BamConfig config = config(new GoldenConfig(golden.config()));
        SoftMixtureConfig mixture = config.attention();
        SoftMixtureConfig one = new SoftMixtureConfig(mixture.width(), mixture.heads(), mixture.keyValueHeads(),
                mixture.headWidth(), 1, false, 0, mixture.causal(), mixture.rotary());
        Module parts = Registration.group();
        Module list = parts.register_module("dense", Registration.group());
        List<DenseBlock> dense = new ArrayList<>();
        for (int e = 0; e < config.experts(); e++) {
            dense.add(list.register_module(Integer.toString(e),
                    new DenseBlock(one, config.hidden(), config.epsilon())));
        }
        LinearImpl attentionRouter = parts.register_module("attn_router",
                Initialisation.linear(mixture.width(), config.experts(), false));
        LinearImpl ffnRouter = parts.register_module("ffn_router",
                Initialisation.linear(mixture.width(), config.experts(), false));
        BamBlock block = new BamBlock(config);
        return new GoldenSubject(parts, in -> {
            Tensor x = in.get("x");
            MixerContext context = MixerContext.of(form);
            BamWeights weights = Upcycling.weights(dense, mixture.sharing() ? Upcycling.Attention.SHARED_KEYS_AND_VALUES
                    : Upcycling.Attention.EXPERTS, attentionRouter.weight(), ffnRouter.weight());
            Map<String, Tensor> outputs = new HashMap<>();
            outputs.put("upcycled.norm.weight", weights.norm());
            if (mixture.sharing()) {
                outputs.put("upcycled.attn.k_proj.weight", weights.attention().k().getFirst());
                outputs.put("upcycled.attn.v_proj.weight", weights.attention().v().getFirst());
            } else {
                for (int e = 0; e < dense.size(); e++) {
                    outputs.put("upcycled.attn." + e + ".k_proj.weight", weights.attention().k().get(e));
                    outputs.put("upcycled.attn." + e + ".v_proj.weight", weights.attention().v().get(e));
                }
            }
            BamBlock.Trace trace = block.trace(x, weights, context);
            outputs.put("out", trace.out());
            outputs.put("load_balance_loss", trace.routing().loadBalance());
            outputs.put("z_loss", trace.routing().zLoss());
            outputs.put("ffn_expert", trace.routing().experts().view(x.size(0), x.size(1), -1));
            outputs.put("dense_out", Ops.stack(0, dense.stream().map(model -> model.forward(x, context))
                    .toArray(Tensor[]::new)));
            return outputs;
        });
    }

    private static BamConfig config(GoldenConfig config) {
        int width = config.integer("width");
        int heads = config.integer("heads");
        int experts = config.integer("experts");
        return new BamConfig(new SoftMixtureConfig(width, heads, config.integer("kv_heads", heads),
                config.integer("head_dim", width / heads), experts, config.flag("kv_sharing", false), 0,
                config.flag("causal", true), config.flag("rope", false)), experts, config.integer("ffn_width"),
                config.integer("ffn_top_k", 1), config.flag("renormalize", false), config.number("norm_eps", 1e-5));
    }
}
