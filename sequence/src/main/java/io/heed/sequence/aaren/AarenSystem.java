package io.heed.sequence.aaren;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import io.heed.catalog.Catalog;
import io.heed.catalog.Claim;
import io.heed.catalog.GoldenModule;
import io.heed.catalog.Study;
import io.heed.catalog.SystemCard;
import io.heed.catalog.SystemEntry;
import io.heed.nn.Form;
import io.heed.sequence.Cost;
import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerOption;
import io.heed.sequence.MixerProvider;
import io.heed.sequence.Pattern;

/** What the catalogue knows of Aaren. */
public final class AarenSystem implements SystemEntry, MixerProvider {
    /** What {@link io.heed.sequence.Mixers} lists. */
    public static final MixerKind MIXER = new MixerKind("aaren", List.of(),
            "softmax attention of a learned query over every prefix: a recurrent cell of constant size",
            Set.of(Pattern.CAUSAL_SELF),
            List.of(new MixerOption("keys", "folded",
                    "folded (the query goes through the key projection) or projected (keys are computed); equal"
                            + " results")),
            config -> Aaren.of(config)).withCost(Cost.LINEAR);

    static final List<Claim> CLAIMS = List.of(
        new Claim("parity",
        "comparable to Transformers on 38 datasets of reinforcement learning, events, forecasting and"
                + " classification of time series", "abstract"),
        new Claim("streaming",
        "constant memory and linear cumulative time over N streamed tokens, against linear memory and"
                + " quadratic time of a Transformer with a key/value cache", "abstract"),
        new Claim("parameters", "almost the same number of parameters: 3,152,896 against 3,152,384 (+0.016%)",
                "section 4"));

    @Override
    public SystemCard card() {
        return Catalog.card("aaren").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("aaren", golden -> AarenGolden.mixer(golden, Form.AUTO),
                "stack", golden -> AarenGolden.stack(golden, Form.AUTO),
                "prefix-scan", golden -> AarenGolden.scan(golden, Form.AUTO),
                "recurrent", golden -> AarenGolden.recurrent(golden, Form.AUTO));
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new AarenStudy());
    }

    @Override
    public List<MixerKind> mixers() {
        return List.of(MIXER);
    }
}
