package io.heed.sequence.bam;

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
import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerOption;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerProvider;
import io.heed.sequence.Pattern;

/** What the catalogue knows of BAM. */
public final class BamSystem implements SystemEntry, MixerProvider {
    /** The soft mixture of attention experts, as {@link io.heed.sequence.Mixers} lists it. */
    public static final MixerKind MIXER = new MixerKind("bam", List.of("soft-mixture"),
            "softmax attention experts, all used by every token and mixed by a router",
            Set.of(Pattern.CAUSAL_SELF, Pattern.NONCAUSAL_SELF),
            List.of(new MixerOption("experts", "2", "attention experts"),
                    new MixerOption("sharing", "true", "whether experts share keys and values"),
                    new MixerOption("routed", "0", "experts that a token uses; 0 for all, softly"),
                    new MixerOption("positions", "rotary", "rotary or none")),
            config -> {
                MixerOptions options = MixerOptions.of(config);
                return new SoftMixture(new SoftMixtureConfig(config.width(), config.heads(), config.keyValueHeads(),
                        config.headWidth(), options.integer("experts", 2), options.flag("sharing", true),
                        options.integer("routed", 0), config.causal(),
                        options.choice("positions", Positions.class, Positions.ROTARY) == Positions.ROTARY));
            });

    private enum Positions { ROTARY, NONE }

    static final List<Claim> CLAIMS = List.of(
            new Claim("experts",
            "attention experts beside MLP experts beat MLP experts alone (BTX) in perplexity, for equal"
                    + " tokens and for equal compute", "abstract; seeds of 590M and 2B parameters"),
            new Claim("sharing",
            "experts with their own keys and values are best, shared ones nearly as good and cheaper",
                    "abstract"),
            new Claim("soft", "soft routing of attention beats routing to one expert", "ablation"));

    @Override
    public SystemCard card() {
        return Catalog.card("bam").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("bam-block", golden -> BamGolden.block(golden, Form.AUTO),
                "upcycling", golden -> BamGolden.upcycling(golden, Form.AUTO));
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new BamStudy());
    }

    @Override
    public List<MixerKind> mixers() {
        return List.of(MIXER);
    }
}
