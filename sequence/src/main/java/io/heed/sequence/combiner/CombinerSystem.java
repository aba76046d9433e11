package io.heed.sequence.combiner;

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

/** What the catalogue knows of Combiner. */
public final class CombinerSystem implements SystemEntry, MixerProvider {
    /** What {@link io.heed.sequence.Mixers} lists. */
    public static final MixerKind MIXER = new MixerKind("combiner", List.of(),
            "full attention at sub-quadratic cost: near keys exactly, all others through groups with one logit each",
            Set.of(Pattern.CAUSAL_SELF, Pattern.NONCAUSAL_SELF),
            List.of(new MixerOption("layout", "fixed", "fixed, log-sparse, axial-mixture or axial-row-major"),
                    new MixerOption("segment", "sqrt(length)", "tokens of a segment or row"),
                    new MixerOption("summaries", "true", "false leaves the groups out (fixed and log-sparse)"),
                    new MixerOption("levels", "exact", "of log-sparse: exact or published (one short at 2^m + 1"
                    + " tokens)"),
                    new MixerOption("activation", "identity",
                    "before queries and keys are pooled (fixed and log-sparse): identity, relu or deepset"),
                    new MixerOption("pooling", "max", "of a group's queries and keys (fixed and log-sparse): max, sum"
                    + " or mean"),
                    new MixerOption("running", "max, not causal sum",
                    "of the axial mixture's queries and keys: max or sum"),
                    new MixerOption("bias", "false", "whether projections have biases")),
            config -> CombinerAttention.of(config)).withCost(Cost.SUBQUADRATIC);

    static final List<Claim> CLAIMS = List.of(
        new Claim("cost", "O(N log N) or O(N sqrt N) with full attention support in every head", "abstract"),
        new Claim("quality", "2.77 bits/dim on CIFAR-10 and 3.42 on ImageNet-64; Wiki-40B perplexity near full"
        + " attention and below"
                + " the sparse counterparts", "introduction and tables"));

    @Override
    public SystemCard card() {
        return Catalog.card("combiner").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("combiner-fixed", of(CombinerConfig.Layout.FIXED),
                "combiner-logsparse", of(CombinerConfig.Layout.LOG_SPARSE),
                "combiner-axial-mixture", of(CombinerConfig.Layout.AXIAL_MIXTURE),
                "combiner-axial-rowmajor", of(CombinerConfig.Layout.AXIAL_ROW_MAJOR));
    }

    private static GoldenModule of(CombinerConfig.Layout layout) {
        return golden -> CombinerGolden.attention(golden, layout, Form.AUTO);
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new CombinerStudy());
    }

    @Override
    public List<MixerKind> mixers() {
        return List.of(MIXER);
    }
}
