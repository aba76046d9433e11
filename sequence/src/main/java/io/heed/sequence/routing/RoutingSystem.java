package io.heed.sequence.routing;

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

/** What the catalogue knows of the Routing Transformer. */
public final class RoutingSystem implements SystemEntry, MixerProvider {
    /** What {@link io.heed.sequence.Mixers} lists. */
    public static final MixerKind MIXER = new MixerKind("routing-transformer", List.of("routing"),
            "half of the heads attend within groups that online k-means forms by content, the others locally",
            Set.of(Pattern.CAUSAL_SELF, Pattern.NONCAUSAL_SELF),
            List.of(new MixerOption("clusters", "sqrt(length)", "centroids of a routed head"),
                    new MixerOption("window", "length/clusters", "members of a group"),
                    new MixerOption("routed-heads", "half", "heads that route"),
                    new MixerOption("skip-first", "0", "first layers with local heads only"),
                    new MixerOption("block", "16", "queries of a local block"),
                    new MixerOption("flange", "block", "keys that a local block sees before itself"),
                    new MixerOption("membership", "prefix",
                            "prefix (strictly causal), sequence (published: groups depend on later tokens) or random"),
                    new MixerOption("share-qk", "causal", "whether routed heads take their queries as keys"),
                    new MixerOption("relative", "0", "reach of the vectors for distances of ranks; 0 for none"),
                    new MixerOption("beta", "1e-4", "weight of the loss that binds items to their centroids"),
                    new MixerOption("decay", "0.999", "of the centroids' moving averages")),
            config -> RoutingAttention.of(config)).withCost(Cost.SUBQUADRATIC);

    static final List<Claim> CLAIMS = List.of(
        new Claim("quality", "15.8 perplexity on Wikitext-103 against Transformer-XL's 18.3; 3.43 bits/dim on"
        + " ImageNet-64",
                "abstract"),
        new Claim("cost", "O(N^1.5 d) instead of O(N^2 d)", "abstract"),
        new Claim("content", "groups by content are better than groups at random", "ablation"));

    @Override
    public SystemCard card() {
        return Catalog.card("routing-transformer").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("attention", golden -> RoutingGolden.attention(golden, Form.AUTO),
                "routed-attention", golden -> RoutingGolden.routed(golden, Form.AUTO),
                "online-kmeans", RoutingGolden::kMeans);
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new RoutingStudy());
    }

    @Override
    public List<MixerKind> mixers() {
        return List.of(MIXER);
    }
}
