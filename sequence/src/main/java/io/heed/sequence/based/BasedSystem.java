package io.heed.sequence.based;

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

/** What the catalogue knows of BASED. */
public final class BasedSystem implements SystemEntry, MixerProvider {
    /** What {@link io.heed.sequence.Mixers} lists. */
    public static final MixerKind MIXER = new MixerKind("based", List.of(),
            "short convolutions, Taylor linear attention and a small window, layer by layer",
                    Set.of(Pattern.CAUSAL_SELF),
            List.of(new MixerOption("part", "hybrid", "hybrid, or every layer taylor, window or conv"),
                    new MixerOption("feature", "16", "query and key channels of linear attention, a head"),
                    new MixerOption("map", "taylor", "features of linear attention: taylor, or elu to compare with"),
                    new MixerOption("window", "128", "the window; a token sees half of it before itself"),
                    new MixerOption("rotary", "true", "false leaves rotary positions out of the window"),
                    new MixerOption("kernel", "3", "tokens that the convolution sees")),
            config -> BasedMixers.of(config)).withCost(Cost.LINEAR);

    static final List<Claim> CLAIMS = List.of(
        new Claim("recall", "6.22 points above Mamba on recall-intensive tasks at 1.3B parameters", "abstract"),
        new Claim("tradeoff", "window width and feature width trade the size of the state for recall along one curve",
                "section 3 and figure 2"),
        new Claim("throughput",
                "24 times the generation throughput of FlashAttention-2 at 1024 tokens, 1.3B, batch 128",
                "abstract"));

    @Override
    public SystemCard card() {
        return Catalog.card("based").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("linear-attention", golden -> BasedGolden.linear(golden, Form.AUTO),
                "linear-attention-step", BasedGolden::step,
                "short-convolution", golden -> BasedGolden.convolution(golden, Form.AUTO),
                "sliding-window", golden -> BasedGolden.window(golden, Form.AUTO),
                "stack", golden -> BasedGolden.stack(golden, Form.AUTO));
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new BasedStudy());
    }

    @Override
    public List<MixerKind> mixers() {
        return List.of(MIXER);
    }
}
