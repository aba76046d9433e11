package io.heed.sequence.lightning;

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

/** What the catalogue knows of lightning attention. */
public final class LightningSystem implements SystemEntry, MixerProvider {
    /** What {@link io.heed.sequence.Mixers} lists. */
    public static final MixerKind MIXER = new MixerKind("lightning-attention", List.of("lightning"),
            "causal linear attention with decay, computed in blocks, in TNL's gated layer", Set.of(Pattern.CAUSAL_SELF),
            List.of(new MixerOption("decay", "true", "false lets no head forget")), config -> TnlAttention.of(config))
            .withCost(Cost.LINEAR);

    static final List<Claim> CLAIMS = List.of(
        new Claim("constant-speed", "training speed is constant over the sequence length (1k to 128k) at fixed memory",
                "abstract"),
        new Claim("quality",
        "TNL's training loss is below that of LLaMA with FlashAttention-2, HGRN and TNN at 1B and 3B"
                + " parameters", "figure 1"),
        new Claim("first-constant", "the first linear attention of constant speed in the causal setting", "abstract"));

    @Override
    public SystemCard card() {
        return Catalog.card("lightning-attention").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("lightning-attention", golden -> LightningGolden.operator(golden, Form.AUTO),
                "lightning-attention-state", golden -> LightningGolden.withState(golden, Form.AUTO),
                "tnl-attention", golden -> LightningGolden.layer(golden, Form.AUTO));
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new LightningStudy());
    }

    @Override
    public List<MixerKind> mixers() {
        return List.of(MIXER);
    }
}
