package io.heed.sequence.routing;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.OnlineKMeans;

/**
 * What a {@link RoutingAttention} is built from.
 *
 * @param width        D
 * @param clusterHeads routed heads, the first ones
 * @param localHeads   local heads
 * @param clusters     C, centroids of a routed head
 * @param window       w, members of a group
 * @param block        queries of a local block
 * @param flange       keys before a local block (and after it, not causal)
 * @param causal       whether weights are 0 on later tokens
 * @param shared       whether routed heads take their queries as keys
 * @param membership   what a group is chosen from
 * @param relative     R of the vectors for distances of ranks; 0 for none
 * @param beta         weight of the loss that binds items to their centroids
 * @param epsilon      of the norm that puts items on the sphere
 * @param decay        of the centroids' moving averages
 * @param layers       layers of the model, for the initial scale of the last projection
 */
public record RoutingConfig(long width, int clusterHeads, int localHeads, int clusters, int window, int block,
        int flange,
                            boolean causal, boolean shared, Membership membership, int relative, double beta,
                            double epsilon,
                            double decay, int layers) {
    /** What a group's members are chosen from. */
    public enum Membership {
        /** The tokens up to each: strictly causal, and what decoding computes. */
        PREFIX,
        /** The whole sequence: the published training. */
        SEQUENCE,
        /** The tokens up to each, at random and anew in every pass: what routing by content is compared with. */
        RANDOM
    }

    /** @throws IllegalArgumentException for sizes or options that do not go together */
    public RoutingConfig {
        int heads = clusterHeads + localHeads;
        if (clusterHeads < 0 || localHeads < 0 || heads < 1 || width % heads != 0) {
            throw new IllegalArgumentException("width " + width + " is not a multiple of " + clusterHeads
                    + " routed and "
                    + localHeads + " local heads");
        }
        if (clusters < 1 || window < 1) {
            throw new IllegalArgumentException("clusters " + clusters + " and window " + window
                    + " must be at least 1");
        }
        if (membership != Membership.SEQUENCE && (!causal || !shared)) {
            throw new IllegalArgumentException("groups of the tokens so far need causal attention with shared queries"
                    + " and"
                    + " keys: take membership=sequence");
        }
        if (membership != Membership.SEQUENCE && relative > 0) {
            throw new IllegalArgumentException("relative ranks need membership=sequence: in a group of the tokens so"
                    + " far ranks move");
        }
    }

    /** H. */
    public int heads() {
        return clusterHeads + localHeads;
    }

    /** d = D / H. */
    public long headWidth() {
        return width / heads();
    }

    /** For a backbone: half of the heads route, with C = sqrt(N) and w = N / C for the training length N. */
    static RoutingConfig of(MixerConfig config) {
        if (config.keyValueHeads() != config.heads()) {
            throw new IllegalArgumentException("routing-transformer has no grouped heads: key/value heads must be "
                    + config.heads() + ", got " + config.keyValueHeads());
        }
        MixerOptions options = MixerOptions.of(config);
        int clusters = options.integer("clusters", (int) Math.max(1, Math.round(Math.sqrt(config.length()))));
        int window = options.integer("window", (int) Math.max(1, config.length() / clusters));
        int routed = config.layer() < options.integer("skip-first", 0) ? 0
                : options.integer("routed-heads", (config.heads() + 1) / 2);
        if (routed < 0 || routed > config.heads()) {
            throw new IllegalArgumentException("option routed-heads=" + routed + ": must be from 0 to "
                    + config.heads());
        }
        int block = options.integer("block", 16);
        Membership membership = options.choice("membership", Membership.class,
                config.causal() ? Membership.PREFIX : Membership.SEQUENCE);
        return new RoutingConfig(config.width(), routed, config.heads() - routed, clusters, window, block,
                options.integer("flange", block), config.causal(), options.flag("share-qk", config.causal()),
                membership,
                options.integer("relative", 0), options.number("beta", 1e-4), OnlineKMeans.NORM_EPSILON,
                options.number("decay", 0.999), config.layers());
    }
}
