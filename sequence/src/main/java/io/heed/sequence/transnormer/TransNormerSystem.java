package io.heed.sequence.transnormer;

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

/** What the catalogue knows of TransNormerLLM. */
public final class TransNormerSystem implements SystemEntry, MixerProvider {
    /** What {@link io.heed.sequence.Mixers} lists. */
    public static final MixerKind MIXER = new MixerKind("transnormer-llm", List.of("transnormer"),
            "gated linear attention with decay, linearised relative positions and a norm instead of a denominator",
            Set.of(Pattern.CAUSAL_SELF),
            List.of(new MixerOption("decay", "true", "false lets no head forget"),
                    new MixerOption("lrpe", "first", "layers that encode positions besides: first, all or none"),
                    new MixerOption("gate", "true", "false leaves out the output gate and its projection"),
                    new MixerOption("norm", "simple-rms", "norm of the heads' outputs: simple-rms or layer")),
            config -> NormLinearAttention.of(config)).withCost(Cost.LINEAR);

    static final List<Claim> CLAIMS = List.of(
        new Claim("quality", "the first linear-attention language model better than softmax models in accuracy: 385M"
        + " parameters"
                + " reach 66.70 on PIQA, 7B reach 43.1 on MMLU against LLaMA1-7B's 35.1", "abstract and README"),
        new Claim("speed", "lightning attention is more than twice as fast and takes a quarter of the memory of"
        + " earlier linear"
                + " attention", "abstract"),
        new Claim("inference", "time and memory of a decoded token do not depend on the length", "abstract"));

    @Override
    public SystemCard card() {
        return Catalog.card("transnormer-llm").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("norm-linear-attention", golden -> TransNormerGolden.mixer(golden, Form.AUTO),
                "block", golden -> TransNormerGolden.block(golden, Form.AUTO),
                "language-model", golden -> TransNormerGolden.model(golden, Form.AUTO),
                "recurrent-decoding", golden -> TransNormerGolden.decoding(golden));
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new TransNormerStudy());
    }

    @Override
    public List<MixerKind> mixers() {
        return List.of(MIXER);
    }
}
