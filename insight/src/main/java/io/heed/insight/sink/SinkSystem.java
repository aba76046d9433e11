package io.heed.insight.sink;

import java.util.List;
import java.util.Map;
import java.util.Optional;

import io.heed.catalog.Catalog;
import io.heed.catalog.Claim;
import io.heed.catalog.GoldenModule;
import io.heed.catalog.Study;
import io.heed.catalog.SystemCard;
import io.heed.catalog.SystemEntry;
import io.heed.nn.Form;

/** What the catalogue knows of attention sinks. */
public final class SinkSystem implements SystemEntry {
    static final List<Claim> CLAIMS = List.of(
        new Claim("emerges",
        "sinks emerge in pre-training, after enough optimisation, also in small models (60M: Sink_1 18.2%)",
                "abstract and section 4"),
        new Claim("softmax",
        "attention without normalisation shows no sink: sigmoid 0.44% at an equal loss (3.70 against 3.73)",
                "abstract and section 7"),
        new Claim("bias", "learned key biases take the sink over: Sink_* about 73%, Sink_1 about 0%, loss unchanged",
        "section 7"),
        new Claim("data", "the sink stands where a constant token stands", "section 5"),
        new Claim("rate", "a small learning rate delays it", "section 4"));

    @Override
    public SystemCard card() {
        return Catalog.card("attention-sink").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("model", golden -> SinkGolden.model(golden, Form.AUTO), "sink-metric", SinkGolden::metric);
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new SinkStudy());
    }
}
