package io.heed.sequence.lightning;

import java.util.LinkedHashMap;
import java.util.Map;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.nn.Alibi;
import io.heed.nn.CausalLinearAttention;
import io.heed.nn.Form;
import io.heed.sequence.DecayRates;
import io.heed.sequence.GoldenConfig;

/** Builds what lightning attention's golden cases check. */
final class LightningGolden {
    private LightningGolden() { }

    /** {@code lightning-attention}: q, k, v, perhaps the rates s to o. */
    static GoldenSubject operator(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        return GoldenSubject.of(in -> {
            Tensor q = scaled(config, in);
            return Map.of("o", CausalLinearAttention.outputs(q, in.get("k"), in.get("v"), rates(config, in), form));
        });
    }

    /** {@code lightning-attention-state}: q, k, v, perhaps the rates s and a first state to o and the last state. */
    static GoldenSubject withState(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        return GoldenSubject.of(in -> {
            Tensor q = scaled(config, in);
            Tensor v = in.get("v");
            Tensor initial = in.getOrDefault("initial_state", in.get("state"));
            CausalLinearAttention.Result result = CausalLinearAttention.withState(q, in.get("k"), v, rates(config, in),
                    initial == null ? torch.zeros(new long[] {q.size(0), q.size(1), q.size(3), v.size(3)}, q.options())
                            : initial, form);
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            outputs.put("o", result.out());
            outputs.put("state", result.state());
            return outputs;
        });
    }

    /** {@code tnl-attention}: x to y. */
    static GoldenSubject layer(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        int layers = config.integer("num_layers", 12);
        TnlAttention layer = new TnlAttention(config.integer("embed_dim"),
                DecayRates.of(config.integer("num_heads"), config.integer("layer_idx", 0), layers),
                config.flag("bias", false),
                config.number("ln_eps", 1e-5), layers);
        return new GoldenSubject(layer, in -> Map.of("y", layer.forward(in.get("x"), config.context(in, form))));
    }

    private static Tensor scaled(GoldenConfig config, Map<String, Tensor> in) {
        double scale = config.number("scale", 1);
        return scale == 1 ? in.get("q") : in.get("q").mul(new Scalar(scale));
    }

    /** The rates given, else the slopes that the config names, else no decay. */
    private static double[] rates(GoldenConfig config, Map<String, Tensor> in) {
        int heads = (int) in.get("q").size(1);
        Tensor given = in.get("s");
        if (given != null) {
            double[] rates = new double[heads];
            for (int h = 0; h < heads; h++) {
                rates[h] = given.flatten().select(0, h).item_double();
            }
            return rates;
        }
        return config.text("slopes").isPresent() ? Alibi.slopes(heads) : DecayRates.none(heads);
    }
}
