package io.heed.sequence.cab;

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

/** What the catalogue knows of the benchmark and of the attentions that it brings. */
public final class CabSystem implements SystemEntry, MixerProvider {
    /** Windows. */
    public static final MixerKind LOCAL = new MixerKind("local-attention", List.of("local"),
            "softmax attention over a window of keys", Set.of(Pattern.CAUSAL_SELF, Pattern.NONCAUSAL_SELF),
            List.of(new MixerOption("window", "15",
                    "keys to either side, or so many up to the query itself where causal")),
            config -> WindowedAttention.local(config)).withCost(Cost.LINEAR);
    /** Bounded memory. */
    public static final MixerKind ABC = new MixerKind("abc", List.of(),
            "attention with bounded memory: a query sees a few softmax averages of all tokens",
                    Set.of(Pattern.values()),
            List.of(new MixerOption("slots", "16", "averages a head"), new MixerOption("memory", "average",
                    "what a slot holds where causal: the average so far, or newest, its last token's share")),
            config -> AbcAttention.of(config)).withCost(Cost.LINEAR);
    /** Random features. */
    public static final MixerKind PERFORMER = new MixerKind("performer", List.of(),
            "softmax attention through positive random features",
            Set.of(Pattern.NONCAUSAL_SELF, Pattern.NONCAUSAL_CROSS, Pattern.CAUSAL_CROSS),
            List.of(new MixerOption("features", "16", "random features a head")), config -> Performer.of(config))
            .withCost(Cost.LINEAR);
    /** Cosine weights. */
    public static final MixerKind COSFORMER = new MixerKind("cosformer", List.of(),
            "linear attention whose weights fall with distance like a cosine",
            Set.of(Pattern.NONCAUSAL_SELF, Pattern.NONCAUSAL_CROSS), List.of(), config -> CosFormer.of(config))
            .withCost(Cost.LINEAR);
    /** Segment means. */
    public static final MixerKind NYSTROM = new MixerKind("nystromformer", List.of("nystrom"),
            "softmax attention through the means of a few segments", Set.of(Pattern.NONCAUSAL_SELF),
            List.of(new MixerOption("landmarks", "16", "segments")), config -> NystromAttention.of(config))
            .withCost(Cost.LINEAR);

    /** Randomized attention with proposals. */
    public static final MixerKind LARA = new MixerKind("lara", List.of(),
            "softmax attention estimated from one random vector for each of a few segments",
            Set.of(Pattern.NONCAUSAL_SELF), List.of(new MixerOption("landmarks", "16", "segments")),
            config -> LaraAttention.of(config)).withCost(Cost.LINEAR);
    /** Informer's attention. */
    public static final MixerKind PROB_SPARSE = new MixerKind("prob-sparse", List.of("probsparse", "informer"),
            "the queries that stand out attend, the others take the mean", Set.of(Pattern.NONCAUSAL_SELF),
            List.of(new MixerOption("factor", "5", "so many times ln N queries attend, and keys are sampled")),
            config -> ProbSparseAttention.of(config)).withCost(Cost.SUBQUADRATIC);
    /** Transformer-LS. */
    public static final MixerKind LONG_SHORT = new MixerKind("long-short", List.of("longshort", "transformer-ls"),
            "a window, and landmarks that the input projects the rest to",
            Set.of(Pattern.NONCAUSAL_SELF, Pattern.CAUSAL_SELF),
            List.of(new MixerOption("window", "16", "tokens of a block, or up to the query itself where causal"),
                    new MixerOption("landmarks", "16", "landmarks of the sequence, where not causal"),
                    new MixerOption("taps", "0", "of a convolution of the values, where not causal"),
                    new MixerOption("chunk", "16", "tokens that give landmarks together, where causal"),
                    new MixerOption("rank", "1", "landmarks a chunk, where causal")),
            config -> config.causal() ? CausalLongShort.of(config) : LongShortAttention.of(config));
    /** Diagonal state spaces. */
    public static final MixerKind S4D_KIND = new MixerKind("s4d", List.of(),
            "a diagonal state space a channel, as a long convolution",
            Set.of(Pattern.NONCAUSAL_SELF, Pattern.CAUSAL_SELF),
            List.of(new MixerOption("states", "16", "states of a channel"),
                    new MixerOption("channels", "1", "read-outs of each channel's states")),
            config -> S4D.of(config)).withCost(Cost.SUBQUADRATIC);

    static final List<Claim> CLAIMS = List.of(
        new Claim("support", "most efficient attentions serve some of the four patterns only: local, LongShort and S4D"
                + " self-attention, Performer all but causal self, ABC all four", "table of supported patterns"),
        new Claim("cross", "vanilla attention leads non-causal cross (0.596) and causal cross (0.956) attention; ABC"
                + " 0.204 and 0.058, Performer 0.014 and -1.014", "compositional index, README"),
        new Claim("correlation", "patterns rank attentions differently: one does not tell another",
                "pattern correlation"),
        new Claim("efficiency",
                "attention is overtaken later in time than in memory: Performer 2361 and 37 tokens, ABC 1877 and 70,"
                + " cosFormer 2539 and 164, local 4195 and 1169", "efficiency length, README"));

    @Override
    public SystemCard card() {
        return Catalog.card("cab").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return CabGolden.modules(Form.AUTO);
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new CabStudy());
    }

    @Override
    public List<MixerKind> mixers() {
        return List.of(LOCAL, ABC, PERFORMER, COSFORMER, NYSTROM, LARA, PROB_SPARSE, LONG_SHORT, S4D_KIND);
    }
}
