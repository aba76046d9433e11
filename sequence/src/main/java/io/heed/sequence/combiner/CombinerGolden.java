package io.heed.sequence.combiner;

import java.util.Map;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.nn.Form;
import io.heed.sequence.GoldenConfig;

/** Builds what Combiner's golden cases check. */
final class CombinerGolden {
    private CombinerGolden() { }

    /** x, perhaps padding_mask, to out, in the given layout. */
    static GoldenSubject attention(GoldenCase golden, CombinerConfig.Layout layout, Form form) {
        GoldenConfig c = new GoldenConfig(golden.config());
        CombinerAttention attention = new CombinerAttention(
                new CombinerConfig(c.integer("width"), c.integer("heads"), layout,
                c.integer("segment", 1), c.flag("causal", true), true, CombinerConfig.Levels.PUBLISHED,
                Activation.IDENTITY, Pooling.MAX, c.flag("causal", true) ? Running.MAX : Running.SUM, false,
                c.number("layernorm_eps", CombinerAttention.EPSILON), 1));
        return new GoldenSubject(attention, in -> Map.of("out", attention.forward(in.get("x"), c.context(in, form))));
    }
}
