package io.heed.sequence.flowformer;

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

/** What the catalogue knows of Flowformer. */
public final class FlowSystem implements SystemEntry, MixerProvider {
    /** What {@link io.heed.sequence.Mixers} lists. */
    public static final MixerKind MIXER = new MixerKind("flowformer", List.of("flow-attention"),
            "linear attention in which keys compete and queries are gated by conserved flows",
            Set.of(Pattern.CAUSAL_SELF, Pattern.NONCAUSAL_SELF, Pattern.NONCAUSAL_CROSS),
            List.of(new MixerOption("features", "sigmoid", "sigmoid, relu or elu"),
                    new MixerOption("clamp", "1", "bound of the flows that compete, or none"),
                    new MixerOption("competition", "true", "false lets every key count the same"),
                    new MixerOption("allocation", "true", "false leaves queries without a gate")),
            config -> FlowAttention.of(config)).withCost(Cost.LINEAR);

    static final List<Claim> CLAIMS = List.of(
        new Claim("areas", "better than Performer and Reformer in five areas: LRA 56.48 against 51.41 and 50.67,"
                + " ImageNet 80.6"
                + " against 78.1 and 79.6, WikiText-103 perplexity 30.8 against 37.5 and 33.6", "README, table"),
        new Claim("transformer", "on a level with softmax attention or above: WikiText-103 30.8 against 33.0",
                "README, table"),
        new Claim("linear", "time linear in the number of tokens", "abstract"));

    @Override
    public SystemCard card() {
        return Catalog.card("flowformer").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("flow-attention", golden -> FlowGolden.attention(golden, false, Form.AUTO),
                "flow-attention-causal", golden -> FlowGolden.attention(golden, true, Form.AUTO),
                "block", golden -> FlowGolden.block(golden, Form.AUTO));
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new FlowStudy());
    }

    @Override
    public List<MixerKind> mixers() {
        return List.of(MIXER);
    }
}
