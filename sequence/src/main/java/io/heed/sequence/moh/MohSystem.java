package io.heed.sequence.moh;

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
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerOption;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerProvider;
import io.heed.sequence.Pattern;

/** What the catalogue knows of mixture-of-head attention. */
public final class MohSystem implements SystemEntry, MixerProvider {
    /** What {@link io.heed.sequence.Mixers} lists. */
    public static final MixerKind MIXER = new MixerKind("moh", List.of("mixture-of-head"),
            "softmax attention of which every token uses some heads only, weighed by routers",
            Set.of(Pattern.CAUSAL_SELF, Pattern.NONCAUSAL_SELF),
            List.of(new MixerOption("shared", "quarter", "heads that are always on; standard: a quarter of them"),
                    new MixerOption("routed", "half", "further heads that are on for a token; standard: half of all"),
                    new MixerOption("router", "learned",
                    "learned, query-norm (without parameters) or none (all heads on)"),
                    new MixerOption("gates", "scaled",
                    "scaled, as in the authors' code, or paper, as in the equations"),
                    new MixerOption("balance", "0.01", "weight of the load-balance loss"),
                    new MixerOption("heads", "all", "heads that are built, of the width that all would have"),
                    new MixerOption("positions", "rotary", "rotary or none")),
            MohSystem::build);

    static final List<Claim> CLAIMS = List.of(
            new Claim("parity",
            "beats multi-head attention with 50% to 90% of the heads, in vision, diffusion and language",
                    "abstract"),
            new Claim("tuning",
            "a trained model recovers more than 95% of its quality when it goes on with 75% of its heads",
                    "the authors' page"));

    private enum Positions { ROTARY, NONE }

    private static MohAttention build(MixerConfig config) {
        MixerOptions options = MixerOptions.of(config);
        int heads = options.integer("heads", config.heads());
        if (heads < 1 || heads > config.heads()) {
            throw new IllegalArgumentException("option heads=" + heads + ": must be from 1 to " + config.heads());
        }
        int keyValueHeads = config.keyValueHeads() == config.heads() ? heads : config.keyValueHeads();
        double base = options.choice("positions", Positions.class, Positions.ROTARY) == Positions.ROTARY ? 10_000 : 0;
        int routed = options.integer("routed", Math.max(1, heads / 2));
        return new MohAttention(new MohConfig(config.width(), heads, keyValueHeads, config.headWidth(),
                options.integer("shared", heads / 4), routed,
                options.choice("router", MohConfig.Router.class, MohConfig.Router.LEARNED),
                options.choice("gates", HeadRouter.Gates.class, HeadRouter.Gates.SCALED),
                options.number("balance", 0.01),
                false, false, base, config.causal()), config.layers());
    }

    @Override
    public SystemCard card() {
        return Catalog.card("moh").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("attention", golden -> MohGolden.attention(golden, Form.AUTO), "vit-attention",
                golden -> MohGolden.vit(golden, Form.AUTO),
                "llama-attention", golden -> MohGolden.llama(golden, Form.AUTO));
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new MohStudy());
    }

    @Override
    public List<MixerKind> mixers() {
        return List.of(MIXER);
    }
}
