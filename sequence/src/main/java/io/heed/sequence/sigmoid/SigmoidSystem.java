package io.heed.sequence.sigmoid;

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

/** What the catalogue knows of sigmoid attention. */
public final class SigmoidSystem implements SystemEntry, MixerProvider {
    /** What {@link io.heed.sequence.Mixers} lists. */
    public static final MixerKind MIXER = new MixerKind("sigmoid-attention", List.of("sigmoid"),
            "attention whose weights are sigmoids of the logits, one by one, without a row's sum or maximum",
            Set.of(Pattern.values()),
            List.of(new MixerOption("positions", "rotary", "rotary, alibi or none"),
                    new MixerOption("bias", "length",
                    "added to every logit; length stands for -ln of the training length"),
                    new MixerOption("qk-norm", "true", "whether queries and keys are normalised head by head"),
                    new MixerOption("temperature", "0", "logits are multiplied by exp of it before the bias"),
                    new MixerOption("window", "0", "keys to either side that a query sees; 0 for all"),
                    new MixerOption("rows", "none", "none, length (row i over i + 1) or root-length"),
                    new MixerOption("branch", "identity",
                            "what the output goes through: identity, layer-scale or norm (hybrid norm)")),
            config -> SigmoidAttention.of(config));

    static final List<Claim> CLAIMS = List.of(
        new Claim("parity", "matches softmax attention in language, vision and speech when properly normalised",
        "abstract"),
        new Claim("speed",
        "FlashSigmoid's inference kernel is 17% faster than FlashAttention-2 on an H100 (17.39% full,"
                + " 18.76% causal)", "abstract and figures of the released code"),
        new Claim("norms", "large initial attention norms are what makes training fail, and b = -ln n cures it",
                "section 3.1 and ablations"));

    @Override
    public SystemCard card() {
        return Catalog.card("sigmoid-attention").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("attention", golden -> SigmoidGolden.attention(golden, Form.AUTO),
                "block", golden -> SigmoidGolden.block(golden, Form.AUTO),
                "cross-attention", golden -> SigmoidGolden.crossAttention(golden, Form.AUTO));
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new SigmoidStudy());
    }

    @Override
    public List<MixerKind> mixers() {
        return List.of(MIXER);
    }
}
