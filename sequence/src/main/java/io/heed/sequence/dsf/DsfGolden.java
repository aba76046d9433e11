package io.heed.sequence.dsf;

import java.util.LinkedHashMap;
import java.util.Map;

import com.fasterxml.jackson.databind.JsonNode;
import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.nn.Form;
import io.heed.sequence.GoldenConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.SequenceMixer;

/** Builds what the framework's golden cases check. */
final class DsfGolden {
    private DsfGolden() { }

    /** {@code softmax-attention}: x to y. */
    static GoldenSubject softmax(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        String scale = config.text("scale").orElse("1/sqrt(d_qk/heads)");
        if (!scale.replace(" ", "").startsWith("1/sqrt(")) {
            throw new IllegalArgumentException("scale '" + scale + "': must be 1/sqrt(d_qk/heads)");
        }
        return subject(DynamicAttention.softmax(sizes(config), 1), config, form);
    }

    /** {@code linear-attention}: x to y. */
    static GoldenSubject linear(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        return subject(DynamicAttention.linear(sizes(config), 1, feature(config)), config, form);
    }

    /** {@code normalised-attention}: x to y. */
    static GoldenSubject normalised(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        return subject(DynamicAttention.normalised(sizes(config), 1, normaliser(config.text("eta").orElse("exp"))),
                config, form);
    }

    /** {@code s6}: x to y. */
    static GoldenSubject s6(GoldenCase golden, Form form) {
        return stateSpace(golden, form, SelectiveCore.Rates.EVERY_STATE);
    }

    /** {@code ssd}: x to y. */
    static GoldenSubject ssd(GoldenCase golden, Form form) {
        return stateSpace(golden, form, SelectiveCore.Rates.ONE);
    }

    private static GoldenSubject stateSpace(GoldenCase golden, Form form, SelectiveCore.Rates rates) {
        GoldenConfig config = new GoldenConfig(golden.config());
        long width = config.integer("d_model");
        if (config.number("expand", 1) != 1) {
            throw new IllegalArgumentException("expand " + config.number("expand", 1)
                    + ": without an input projection the state space has the model's channels, so it must be 1");
        }
        long rank = config.integer("dt_rank", 0); // a text such as "auto" reads as 0
        boolean one = rates == SelectiveCore.Rates.ONE;
        return subject(new StateSpaceMixer(width, config.integer("d_state", 16),
                one ? 1 : rank == 0 ? SelectiveCore.standardRank(width) : rank, rates, 1), config, form);
    }

    /** {@code qlstm} and {@code qlstm-reversed}: x to y. */
    static GoldenSubject qlstm(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        int width = config.integer("d_model");
        int hidden = config.integer("hidden", (int) (config.number("expansion_factor", 2) * width));
        boolean reversed = config.flag("reversed", golden.module().endsWith("reversed"));
        return subject(new QuasiLstm(width, hidden, config.integer("kernel_size", 4), reversed), config, form);
    }

    /** {@code ltv-linear-attention}: q, k (N, n), v (N, d) to a, B, C, y. */
    static GoldenSubject linearSystem(GoldenCase golden) {
        FeatureMap feature = feature(new GoldenConfig(golden.config()));
        return GoldenSubject.of(in -> {
            Tensor phi = feature.apply(in.get("q"));
            Tensor psi = feature.apply(in.get("k"));
            return matrices(AttentionSystem.of(phi, psi, in.get("v"), AttentionSystem.logSum(phi, psi)));
        });
    }

    /** {@code ltv-normalised-attention}: q, k (N, n), v (N, d), log_eta (N) to a, B, C, y. */
    static GoldenSubject normalisedSystem(GoldenCase golden) {
        return GoldenSubject.of(in ->
                matrices(AttentionSystem.of(in.get("q"), in.get("k"), in.get("v"), in.get("log_eta"))));
    }

    /** All states forget alike, so one column of the gates tells it. */
    private static Map<String, Tensor> matrices(LinearSystem system) {
        Map<String, Tensor> outputs = new LinkedHashMap<>();
        outputs.put("a", system.gates().select(1, 0));
        outputs.put("B", system.writes());
        outputs.put("C", system.reads());
        outputs.put("y", system.simulate());
        return outputs;
    }

    private static GoldenSubject subject(SequenceMixer mixer, GoldenConfig config, Form form) {
        return new GoldenSubject(mixer, in -> {
            MixerContext context = config.context(in, form);
            return Map.of("y", mixer.forward(in.get("x"), context));
        });
    }

    private static AttentionSizes sizes(GoldenConfig config) {
        int width = config.integer("d_model");
        return new AttentionSizes(width, config.integer("d_qk", width), config.integer("num_heads", 1),
                config.flag("bias", true), config.number("dropout", 0));
    }

    private static FeatureMap feature(GoldenConfig config) {
        JsonNode feature = config.json().path("feature");
        return feature.isTextual() ? FeatureMap.named(feature.asText()) : FeatureMap.ELU_PLUS_ONE;
    }

    /** {@code exp(W_n x)} names the function, then what it is of. */
    private static Normaliser normaliser(String text) {
        String function = text.replaceFirst("\\(.*", "").strip();
        for (Normaliser normaliser : Normaliser.values()) {
            if (normaliser.name().equalsIgnoreCase(function)) {
                return normaliser;
            }
        }
        throw new IllegalArgumentException("eta '" + text + "': must be exp, softplus or sigmoid of W_n x");
    }
}
