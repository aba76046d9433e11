package io.heed.sequence.gaussian;

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

/** What the catalogue knows of Gaussian adaptive attention. */
public final class GaussianSystem implements SystemEntry, MixerProvider {
    /** What {@link io.heed.sequence.Mixers} lists. */
    public static final MixerKind MIXER = new MixerKind("gaussian-attention", List.of("gaussian", "gaam"),
            "a Gaussian gate on each channel's deviation from its mean over the tokens; no queries or keys",
            Set.of(Pattern.CAUSAL_SELF, Pattern.NONCAUSAL_SELF),
            List.of(new MixerOption("formula", "gate", "gate (the experiments') or density (the library's)"),
                    new MixerOption("gaussians", "5", "Gaussians a head, with density")),
            config -> new GaussianMixer(config));

    static final List<Claim> CLAIMS = List.of(
        new Claim("accuracy", "up to about 20% more accuracy than other attention on non-stationary data", "abstract"),
        new Claim("parameters", "0.002M to 0.082M parameters for the attention part", "authors' summary"),
        new Claim("importance", "high Importance Factors mark the layers that matter", "section on explainability"));

    @Override
    public SystemCard card() {
        return Catalog.card("gaussian-attention").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("gaussian-attention", GaussianGolden::head,
                "multi-head", GaussianGolden::heads,
                "multi-head-weights", GaussianGolden::heads,
                "block", GaussianGolden::block,
                "experiment-variant", GaussianGolden::experiment);
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new GaussianStudy());
    }

    @Override
    public List<MixerKind> mixers() {
        return List.of(MIXER);
    }
}
