package io.heed.sequence.cca;

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
import io.heed.sequence.MixerProvider;
import io.heed.sequence.Pattern;

/** What the catalogue knows of core context aware attention. */
public final class CcaSystem implements SystemEntry, MixerProvider {
    /** What {@link io.heed.sequence.Mixers} lists. */
    public static final MixerKind MIXER = new MixerKind("cca-attention", List.of("cca"),
            "distant tokens merged into cores, near ones exact, one softmax over both", Set.of(Pattern.CAUSAL_SELF),
            List.of(new MixerOption("group", "8", "tokens merged into one core"),
                    new MixerOption("window", "32", "tokens that stay exact in any case"),
                    new MixerOption("pool", "cca", "cca, mean or max; none drops what is older than the window"),
                    new MixerOption("positions", "rotary", "rotary or none")), config -> CcaAttention.of(config));

    static final List<Claim> CLAIMS = List.of(
        new Claim("quality", "better long-context modelling than other efficient attentions, on a level with full"
                + " attention",
                "abstract"),
        new Claim("speed", "7.9 times the inference speed of full attention at 128K tokens, with a far smaller cache",
                "section 4"));

    @Override
    public SystemCard card() {
        return Catalog.card("cca-attention").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("core", golden -> CcaGolden.core(golden, Form.AUTO),
                "attention", golden -> CcaGolden.attention(golden, Form.AUTO));
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new CcaStudy());
    }

    @Override
    public List<MixerKind> mixers() {
        return List.of(MIXER);
    }
}
