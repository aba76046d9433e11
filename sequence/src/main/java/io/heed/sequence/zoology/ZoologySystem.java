package io.heed.sequence.zoology;

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

/** What the catalogue knows of Zoology: its recall task, its mixers, its model. */
public final class ZoologySystem implements SystemEntry, MixerProvider {
    /** The minimal gated convolution. */
    public static final MixerKind BASE_CONV = new MixerKind("base-conv", List.of("baseconv"),
            "gated convolution, short and as long as the sequence by turns", Set.of(Pattern.CAUSAL_SELF),
            List.of(new MixerOption("kernel", "alternate",
            "taps, long, or alternate: 3 in even layers, long in odd ones"),
                    new MixerOption("hidden", "16", "hidden width of a long filter's network"),
                    new MixerOption("activation", "false", "whether both factors pass SiLU")),
            config -> new BaseConv(config)).withCost(Cost.SUBQUADRATIC);

    /** Hyena of order 2. */
    public static final MixerKind HYENA = new MixerKind("hyena", List.of(),
            "Hyena: gates around a long convolution with an implicit filter", Set.of(Pattern.CAUSAL_SELF),
            List.of(new MixerOption("order", "64", "hidden width of the filter's network"),
                    new MixerOption("learn-positions", "false", "whether the filter's position embedding is trained")),
            config -> new Hyena(config)).withCost(Cost.SUBQUADRATIC);

    /** H3. */
    public static final MixerKind H3_KIND = new MixerKind("h3", List.of(),
            "H3: shift SSM on keys, diagonal SSM on outer products with values", Set.of(Pattern.CAUSAL_SELF),
            List.of(new MixerOption("states", "64", "states of both SSMs"),
                    new MixerOption("head-width", "2", "channels of a head")),
            config -> new H3(config)).withCost(Cost.SUBQUADRATIC);

    /** RWKV-4's time mixing. */
    public static final MixerKind RWKV = new MixerKind("rwkv", List.of("rwkv4"),
            "RWKV-4 time mixing: averages with a decay by channel", Set.of(Pattern.CAUSAL_SELF), List.of(),
            config -> new Rwkv(config)).withCost(Cost.LINEAR);

    /** Attention at selected positions. */
    public static final MixerKind LOOKUPS = new MixerKind("sparse-lookups", List.of("lookups"),
            "attention at the positions that a learned gate selects", Set.of(Pattern.CAUSAL_SELF),
            List.of(new MixerOption("lookups", "0", "positions selected; 0 for the square root of the tokens"),
                    new MixerOption("penalty", "0.1", "weight of the loss on more gates than that"),
                    new MixerOption("selection", "running",
                    "by the gates so far (running), or of the whole sequence (sequence),"
                            + " which cannot decode")),
            config -> new SparseLookups(config));

    /** Attention at selected positions, weighted by a softmax over them. */
    public static final MixerKind SELECTIVE = new MixerKind("selective-lookups", List.of(),
            "attention at selected positions whose weights are a softmax over the tokens",
            Set.of(Pattern.CAUSAL_SELF),
            List.of(new MixerOption("lookups", "0", "positions selected; 0 for the square root of the tokens"),
                    new MixerOption("selection", "running",
                    "by the scores so far (running), or of the whole sequence (sequence), which cannot decode")),
            config -> SparseLookups.selective(config));

    static final List<Claim> CLAIMS = List.of(
            new Claim("recall-gap",
            "gated convolutions need a width that grows with the number of pairs to recall, attention"
                    + " does not", "figure 2"),
            new Claim("sparse-hybrid", "input-dependent sparse attention closes 97.4% of the gap to attention",
            "abstract"),
            new Claim("recall-share", "82% of the perplexity gap on text is at repeated bigrams", "abstract"));

    @Override
    public SystemCard card() {
        return Catalog.card("zoology").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return ZoologyGolden.all(Form.AUTO);
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new ZoologyStudy());
    }

    @Override
    public List<MixerKind> mixers() {
        return List.of(BASE_CONV, HYENA, H3_KIND, RWKV, LOOKUPS, SELECTIVE);
    }
}
