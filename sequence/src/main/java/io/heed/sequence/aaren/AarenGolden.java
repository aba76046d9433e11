package io.heed.sequence.aaren;

import java.util.LinkedHashMap;
import java.util.Map;

import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.nn.Form;
import io.heed.nn.SoftmaxScan;
import io.heed.nn.SoftmaxState;
import io.heed.sequence.GoldenConfig;

/** Builds what Aaren's golden cases check. */
final class AarenGolden {
    private AarenGolden() { }

    /** {@code aaren}: the mixer; x, perhaps padding_mask (true = real token) to y. */
    static GoldenSubject mixer(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        Aaren aaren = new Aaren(config.integer("d_model"), config.integer("heads"), keys(form));
        return new GoldenSubject(aaren,
                in -> Map.of("y", masked(aaren.forward(in.get("x"), config.context(in, form)), config, in)));
    }

    /** {@code stack}: x, perhaps padding_mask to y. */
    static GoldenSubject stack(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        boolean pre = config.text("norm").orElse("post").startsWith("pre");
        boolean gelu = config.text("activation").orElse("relu").contains("gelu");
        AarenStack stack = new AarenStack(AarenStackConfig.of(config.integer("d_model"), config.integer("heads"),
                config.integer("ff"), config.integer("layers"))
                .withPlacement(pre ? AarenStackConfig.Placement.PRE : AarenStackConfig.Placement.POST)
                .withActivation(gelu ? AarenStackConfig.Activation.GELU : AarenStackConfig.Activation.RELU)
                .withEpsilon(config.epsilon("norm", 1e-5)).withKeys(keys(form)));
        return new GoldenSubject(stack,
                in -> Map.of("y", masked(stack.forward(in.get("x"), config.context(in, form)), config, in)));
    }

    /** {@code prefix-scan}: s, v to o and the states m, c, a after every prefix. */
    static GoldenSubject scan(GoldenCase golden, Form form) {
        return GoldenSubject.of(in -> named(SoftmaxScan.prefixes(in.get("s"), in.get("v"), form)));
    }

    /** {@code recurrent}: s, v to o of every prefix and the last state m, c, a. */
    static GoldenSubject recurrent(GoldenCase golden, Form form) {
        return GoldenSubject.of(in -> {
            Tensor values = in.get("v");
            SoftmaxState empty = SoftmaxState.empty(values.size(0), values.size(1), values.size(3), values.options());
            return named(SoftmaxScan.scan(in.get("s"), values, empty, form));
        });
    }

    /** Both ways to the scores are checked, one by each form. */
    private static Aaren.Keys keys(Form form) {
        return form == Form.REFERENCE ? Aaren.Keys.PROJECTED : Aaren.Keys.FOLDED;
    }

    private static Map<String, Tensor> named(SoftmaxScan.Result result) {
        Map<String, Tensor> outputs = new LinkedHashMap<>();
        outputs.put("o", result.out());
        outputs.put("m", result.states().maximum());
        outputs.put("c", result.states().normaliser());
        outputs.put("a", result.states().weighted());
        return outputs;
    }

    /** Outputs at padded positions count as 0. */
    private static Tensor masked(Tensor y, GoldenConfig config, Map<String, Tensor> in) {
        return config.padding(in).map(padding -> y.mul(padding.mask().logical_not().unsqueeze(-1))).orElse(y);
    }
}
