package io.heed.sequence.graphaware;

import java.util.ArrayList;
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
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerOption;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerProvider;
import io.heed.sequence.Pattern;

/** What the catalogue knows of graph-aware attention. */
public final class GraphAwareSystem implements SystemEntry, MixerProvider {
    private static final Set<Pattern> PATTERNS = Set.of(Pattern.CAUSAL_SELF, Pattern.NONCAUSAL_SELF);

    private static final List<MixerOption> SHARED = List.of(
            new MixerOption("threshold", "none", "what is done to the map: none, silu, relu, softplus, sharp_softplus,"
                    + " sigmoid_elementwise, flowthreshold, binary, scaled_topk_causal_4d, silu+binary or"
                    + " {silu,relu,softplus}_below_binary_above"),
            new MixerOption("tau", "0.2", "the threshold"),
            new MixerOption("temperature", "1", "divides the scores"));

    /** GIN attention, as {@link io.heed.sequence.Mixers} lists it. */
    public static final MixerKind GIN = new MixerKind("graph-aware-attention", List.of("gin-attention"),
            "attention whose heads sum slices of the input and map them by MLPs, as a graph isomorphism network",
            PATTERNS,
            with(new MixerOption("multiplier", "0.5", "hidden width of a head's MLP over the head width"),
                    new MixerOption("sharpening", "1", "initial alpha that multiplies the scores; 0 for none"),
                    new MixerOption("scoring", "0", "hidden width of an MLP that scores pairs; 0 for q k^T"),
                    new MixerOption("differential", "false", "whether a second map is subtracted"),
                    new MixerOption("projected", "false", "whether the output is projected")),
            GraphAwareSystem::gin);

    /** PNA attention, as {@link io.heed.sequence.Mixers} lists it. */
    public static final MixerKind PNA = new MixerKind("pna-attention", List.of(),
            "attention whose heads gather sum, mean, maximum and variance, as principal neighbourhood aggregation",
            PATTERNS,
            with(new MixerOption("multiplier", "2", "hidden width of a head's MLP over the head width"),
                    new MixerOption("maximum", "neighbour", "own, neighbour or row-by-norm")),
            GraphAwareSystem::pna);

    static final List<Claim> CLAIMS = List.of(
            new Claim("gap", "GIN attention has a smaller gap between training and validation loss than the standard"
                    + " transformer, and a lower validation perplexity", "abstract; no number given"),
            new Claim("fine-tuning", "Sparse-GIN fine-tuning trains and generalises better than LoRA at a small cost in"
                    + " parameters", "abstract; no number given"));

    private static List<MixerOption> with(MixerOption... own) {
        List<MixerOption> all = new ArrayList<>(SHARED);
        all.addAll(List.of(own));
        return all;
    }

    private static GinAttention gin(MixerConfig config) {
        MixerOptions options = MixerOptions.of(config);
        double sharpening = options.number("sharpening", 1);
        int scoring = options.integer("scoring", 0);
        return new GinAttention(shared(config, options, 0.5), new GinAttention.Options(
                sharpening == 0 || scoring > 0 ? Double.NaN : sharpening, scoring,
                options.flag("differential", false) && scoring == 0 ? GinAttention.Options.lambda(config.layer())
                : Double.NaN,
                false, options.flag("projected", false)));
    }

    private static PnaAttention pna(MixerConfig config) {
        MixerOptions options = MixerOptions.of(config);
        return new PnaAttention(shared(config, options, 2), options.choice("maximum", Maximum.class, Maximum.NEIGHBOUR),
                false);
    }

    private static GraphAwareConfig shared(MixerConfig config, MixerOptions options, double multiplier) {
        ThresholdMode threshold = ThresholdMode.named(options.text("threshold", "none"));
        if (threshold == ThresholdMode.TOP_K) {
            throw new IllegalArgumentException(
                    "threshold top_k keeps a share of the whole length, so a prefix alone gives"
                    + " other outputs: use scaled_topk_causal_4d");
        }
        return new GraphAwareConfig(config.width(), config.heads(), config.keyValueHeads(), config.headWidth(), 10_000,
                false,
                config.causal(), GraphAwareConfig.Weighting.SOFTMAX, options.number("temperature", 1), threshold,
                options.number("tau", 0.2), false, ThresholdMode.Numbers.STANDARD,
                options.number("multiplier", multiplier),
                1e-5, config.dropout(), false);
    }

    @Override
    public SystemCard card() {
        return Catalog.card("graph-aware-attention").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("gin-attention", GraphAwareGolden::gin,
                "pna-attention", golden -> GraphAwareGolden.pna(golden, Maximum.OWN),
                "pna-attention-neighbour-max", golden -> GraphAwareGolden.pna(golden, Maximum.NEIGHBOUR),
                "pna-attention-lm", golden -> GraphAwareGolden.pna(golden, Maximum.ROW_BY_NORM),
                "sparse-gin", GraphAwareGolden::sparse,
                "sparse-gin-key-to-query", GraphAwareGolden::sparse);
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new GraphAwareStudy());
    }

    @Override
    public List<MixerKind> mixers() {
        return List.of(GIN, PNA);
    }
}
