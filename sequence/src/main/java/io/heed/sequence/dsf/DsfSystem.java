package io.heed.sequence.dsf;

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
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerProvider;
import io.heed.sequence.Pattern;

/** What the catalogue knows of the dynamical systems framework and its mixers. */
public final class DsfSystem implements SystemEntry, MixerProvider {
    private static final Set<Pattern> CAUSAL = Set.of(Pattern.CAUSAL_SELF);
    private static final MixerOption QK_WIDTH = new MixerOption("qk-width", "width",
            "width of all queries, and of all keys, together: the state grows with it");
    private static final MixerOption STATES = new MixerOption("states", "16", "states of a channel");
    private static final MixerOption TAPS = new MixerOption("taps", "4", "taps of the convolution");

    /** Softmax attention with queries and keys of a width of their own. */
    public static final MixerKind SOFTMAX = new MixerKind("dsf-softmax", List.of(),
            "softmax attention without positions, with queries and keys of a width of their own", CAUSAL,
                    List.of(QK_WIDTH),
            config -> DynamicAttention.softmax(DynamicAttention.sizes(config, "dsf-softmax"), config.layers()));
    /** Linear attention. */
    public static final MixerKind LINEAR = new MixerKind("linear-attention", List.of("linear"),
            "linear attention: positive features of queries and keys, weights over their causal sum", CAUSAL,
            List.of(QK_WIDTH, new MixerOption("feature", "elu-plus-one", "elu-plus-one, exp or softplus")),
            config -> DynamicAttention.linear(DynamicAttention.sizes(config, "linear-attention"), config.layers(),
                    MixerOptions.of(config).choice("feature", FeatureMap.class, FeatureMap.ELU_PLUS_ONE)))
            .withCost(Cost.LINEAR);
    /** Normalised attention, the paper's own. */
    public static final MixerKind NORMALISED = new MixerKind("normalised-attention", List.of("normalised"),
            "linear attention without feature map, divided by a learned scalar of the token", CAUSAL,
            List.of(QK_WIDTH, new MixerOption("eta", "exp", "exp, softplus or sigmoid of the scalar")),
            config -> DynamicAttention.normalised(DynamicAttention.sizes(config, "normalised-attention"),
                    config.layers(),
                    MixerOptions.of(config).choice("eta", Normaliser.class, Normaliser.EXP))).withCost(Cost.LINEAR);
    /** S6. */
    public static final MixerKind S6 = new MixerKind("s6", List.of("selective-ssm"),
            "selective state space: a rate for every channel and state, step sizes that depend on the token", CAUSAL,
            List.of(STATES, new MixerOption("dt-rank", "width/16", "width of the step sizes' bottleneck")),
            config -> StateSpaceMixer.s6(config)).withCost(Cost.LINEAR);
    /** SSD. */
    public static final MixerKind SSD = new MixerKind("ssd", List.of(),
            "selective state space with one rate for all channels and states", CAUSAL, List.of(STATES),
            config -> StateSpaceMixer.ssd(config)).withCost(Cost.LINEAR);
    /** Mamba. */
    public static final MixerKind MAMBA = new MixerKind("mamba", List.of(),
            "S6 on a convolved input, gated: the mixer of a Mamba block", CAUSAL,
            List.of(STATES, TAPS, new MixerOption("expand", "2", "channels of the state space over the width")),
            config -> GatedBlock.mamba(config)).withCost(Cost.LINEAR);
    /** Attention inside a Mamba block. */
    public static final MixerKind GATED = new MixerKind("gated-attention", List.of("mamba-attention"),
            "a Mamba block with attention in the place of its state space", CAUSAL,
            List.of(QK_WIDTH, TAPS, new MixerOption("attention", "linear", "linear or softmax")),
            config -> GatedBlock.attention(config)).withCost(Cost.LINEAR);
    /** Quasi LSTM. */
    public static final MixerKind QLSTM = new MixerKind("qlstm", List.of(),
            "an LSTM whose gates do not see the hidden state, so that it runs as a scan", CAUSAL,
            List.of(new MixerOption("reversed", "false", "whether it forgets with the reversed sigmoid, as S6 does"),
                    TAPS,
                    new MixerOption("expand", "2", "hidden width over the width")),
            config -> QuasiLstm.of(config)).withCost(Cost.LINEAR);
    /** Real-gated linear recurrent unit. */
    public static final MixerKind RG_LRU = new MixerKind("rg-lru", List.of(),
            "real-gated linear recurrent unit: one state a channel, gates that depend on the token", CAUSAL, List.of(),
            config -> RealGatedUnit.of(config)).withCost(Cost.LINEAR);

    static final List<Claim> CLAIMS = List.of(
        new Claim("representation",
                "attention, selective state spaces and gated RNNs are linear time-varying systems of one form",
                "abstract and section 3"),
        new Claim("expansion", "linear attention approaches softmax attention on MQAR as the state expansion n grows",
                "figure"),
        new Claim("normalised",
                "normalised attention lies between linear attention and SSD, S6 and softmax on MQAR (512, 64)"
                + " at n = 128", "figure"),
        new Claim("normaliser", "the exponential is the best of exp, softplus and sigmoid as normaliser", "table"),
        new Claim("reversed", "the reversed sigmoid of S6 improves the qLSTM's memory", "figure"));

    @Override
    public SystemCard card() {
        return Catalog.card("dsf").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("softmax-attention", golden -> DsfGolden.softmax(golden, Form.AUTO),
                "linear-attention", golden -> DsfGolden.linear(golden, Form.AUTO),
                "normalised-attention", golden -> DsfGolden.normalised(golden, Form.AUTO),
                "s6", golden -> DsfGolden.s6(golden, Form.AUTO),
                "ssd", golden -> DsfGolden.ssd(golden, Form.AUTO),
                "qlstm", golden -> DsfGolden.qlstm(golden, Form.AUTO),
                "qlstm-reversed", golden -> DsfGolden.qlstm(golden, Form.AUTO),
                "ltv-linear-attention", golden -> DsfGolden.linearSystem(golden),
                "ltv-normalised-attention", golden -> DsfGolden.normalisedSystem(golden));
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new DsfStudy());
    }

    @Override
    public List<MixerKind> mixers() {
        return List.of(LINEAR, NORMALISED, S6, SSD, MAMBA, QLSTM, RG_LRU, SOFTMAX, GATED);
    }
}
