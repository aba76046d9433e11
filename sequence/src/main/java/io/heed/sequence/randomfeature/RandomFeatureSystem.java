package io.heed.sequence.randomfeature;

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
import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerOption;
import io.heed.sequence.MixerProvider;
import io.heed.sequence.Pattern;

/** What the catalogue knows of the random-feature attention layer. */
public final class RandomFeatureSystem implements SystemEntry, MixerProvider {
    /** What {@link io.heed.sequence.Mixers} lists. */
    public static final MixerKind MIXER = new MixerKind("random-feature-attention", List.of("rfa"),
            "attention with frozen random queries and keys, relu scores averaged over the keys, and learned values",
            Set.of(Pattern.CAUSAL_SELF, Pattern.NONCAUSAL_SELF),
            List.of(new MixerOption("score", "relu", "relu or softmax"),
                    new MixerOption("bias", "0", "weight of x_i . x_j in the scores; 1 is the paper's biased layer")),
            config -> new RandomFeatureMixer(config));

    static final List<Claim> CLAIMS = List.of(
        new Claim("sample-complexity", "fewer samples than two-layer random-feature networks on targets that do not"
        + " depend on the"
                + " keys' order", "abstract"),
        new Claim("biased-weights", "query-key weights of non-zero mean are better than of zero mean for some natural"
        + " targets",
                "abstract"),
        new Claim("interplay", "simulations agree with the bounds and show how samples and the target's complexity"
        + " work together",
                "abstract"));

    @Override
    public SystemCard card() {
        return Catalog.card("random-feature-attention").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("layer", RandomFeatureGolden::layer, "ridge-fit", RandomFeatureGolden::ridge);
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new RandomFeatureStudy());
    }

    @Override
    public List<MixerKind> mixers() {
        return List.of(MIXER);
    }
}
