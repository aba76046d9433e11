package io.heed.sequence.landmark;

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

/** What the catalogue knows of landmark attention. */
public final class LandmarkSystem implements SystemEntry, MixerProvider {
    /** What {@link io.heed.sequence.Mixers} lists. */
    public static final MixerKind MIXER = new MixerKind("landmark-attention", List.of("landmark"),
            "attention whose weight on a block goes through the block's landmark", Set.of(Pattern.CAUSAL_SELF),
            List.of(new MixerOption("block", "15", "tokens between two landmarks")), config ->
                    LandmarkAttention.of(config));

    static final List<Claim> CLAIMS = List.of(
        new Claim("random-access",
                "any old block is reached through its landmark, at contexts far beyond those of training;"
                + " LLaMA 7B fine-tuned to 32k tokens", "abstract"),
        new Claim("quality", "perplexity comparable to Transformer-XL while retrieving far fewer tokens a step",
                "abstract"));

    @Override
    public SystemCard card() {
        return Catalog.card("landmark-attention").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("grouped-softmax", LandmarkGolden::softmax,
                "attention", golden -> LandmarkGolden.attention(golden, Form.AUTO),
                "model", golden -> LandmarkGolden.model(golden, Form.AUTO),
                "inference", LandmarkGolden::inference);
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new LandmarkStudy());
    }

    @Override
    public List<MixerKind> mixers() {
        return List.of(MIXER);
    }
}
