package io.heed.sequence.moh;

import java.util.HashMap;
import java.util.Map;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.nn.ComposedAttention;
import io.heed.nn.Form;
import io.heed.nn.FusedAttention;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Registration;
import io.heed.nn.Rotary;
import io.heed.sequence.GoldenConfig;
import io.heed.sequence.MixerContext;

/** Builds what MoH's golden cases check. */
final class MohGolden {
    private MohGolden() { }

    /** {@code attention}: x to out, load_balance_loss and routed_mask. */
    static GoldenSubject attention(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        int width = config.integer("dim");
        int heads = config.integer("num_heads");
        MohAttention attention =
                new MohAttention(new MohConfig(width, heads, heads, config.integer("head_dim", width / heads),
                config.integer("shared_head", 0), config.integer("routed_head", 0), MohConfig.Router.LEARNED,
                gates(config),
                0, config.flag("qkv_bias", true), config.flag("qk_norm", false), 0, config.flag("causal", false)), 1);
        return new GoldenSubject(attention, in -> outputs(attention.trace(in.get("x"), MixerContext.of(form))));
    }

    /** {@code vit-attention}: x, relative_pos_index and relative_coords_table to out and load_balance_loss. */
    static GoldenSubject vit(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        String activation = config.text("cpb_activation").orElse("relu");
        if (!activation.equals("relu")) {
            throw new IllegalArgumentException("cpb_activation '" + activation + "': must be relu");
        }
        long cells = 1;
        for (var side : golden.config().path("input_resolution")) {
            cells *= side.asLong();
        }
        int width = config.integer("dim");
        int heads = config.integer("num_heads");
        MohVitAttention attention = new MohVitAttention(new MohVitConfig(width, heads, width / heads,
                config.integer("shared_head", 0), config.integer("routed_head", 0), true, gates(config), cells,
                config.integer("cpb_hidden", 512), 1));
        return new GoldenSubject(attention, in -> outputs(attention.forward(in.get("x"), in.get("relative_pos_index"),
                in.get("relative_coords_table"), MixerContext.of(form))));
    }

    /** {@code llama-attention}: x to out and head_mask, by the router without parameters. */
    static GoldenSubject llama(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        int width = config.integer("hidden_size");
        int heads = config.integer("num_heads");
        int groups = config.integer("num_key_value_heads", heads);
        int d = config.integer("head_dim", width / heads);
        boolean causal = config.flag("causal", true);
        Module parts = Registration.group();
        LinearImpl q = parts.register_module("q_proj", Initialisation.linear(width, (long) heads * d, false));
        LinearImpl k = parts.register_module("k_proj", Initialisation.linear(width, (long) groups * d, false));
        LinearImpl v = parts.register_module("v_proj", Initialisation.linear(width, (long) groups * d, false));
        LinearImpl o = parts.register_module("o_proj", Initialisation.linear((long) heads * d, width, false));
        Rotary rotary = new Rotary(d, config.number("rope_theta", 10_000), config.text("rope").orElse("")
                .contains("inter")
                ? Rotary.Layout.INTERLEAVED : Rotary.Layout.HALVES);
        QueryNormRouter router = new QueryNormRouter(config.integer("shared_head", heads / 2),
                config.integer("routed_head", heads / 4));
        return new GoldenSubject(parts, in -> {
            Tensor x = in.get("x");
            Tensor query = Heads.split(q.forward(x), heads);
            Tensor gates = router.gates(query, parts.is_training());
            AttentionSpec spec = causal ? AttentionSpec.softmax().withMask(Mask.causal()) : AttentionSpec.softmax();
            Tensor turned = rotary.apply(query, 0);
            Tensor keys = rotary.apply(Heads.split(k.forward(x), groups), 0);
            Tensor values = Heads.split(v.forward(x), groups);
            Tensor out = form.isFused(x) ? FusedAttention.apply(turned, keys, values, spec)
                    : ComposedAttention.apply(turned, keys, values, spec);
            return Map.of("out", o.forward(Heads.merge(out.mul(gates.transpose(1, 2).unsqueeze(-1)))),
                    "head_mask", gates.gt(new Scalar(0.5)));
        });
    }

    private static HeadRouter.Gates gates(GoldenConfig config) {
        return config.flag("paper_gates", false) ? HeadRouter.Gates.PAPER : HeadRouter.Gates.SCALED;
    }

    private static Map<String, Tensor> outputs(MohAttention.Trace trace) {
        Map<String, Tensor> outputs = new HashMap<>();
        outputs.put("out", trace.out());
        if (trace.loss() != null) {
            outputs.put("load_balance_loss", trace.loss());
            outputs.put("routed_mask", trace.mask());
        }
        return outputs;
    }
}
