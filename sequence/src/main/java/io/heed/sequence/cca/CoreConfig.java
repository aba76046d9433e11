package io.heed.sequence.cca;

/**
 * How tokens become cores.
 *
 * @param group  g, tokens of a core
 * @param window w, tokens that stay exact in any case
 * @param pool   how a group is merged
 */
public record CoreConfig(int group, int window, Pool pool) {
    /** How a group is merged. */
    public enum Pool {
        /** By the weights that the query of the group's last token gives its keys: the paper's. */
        CCA,
        /** Mean of the keys, mean of the values. */
        MEAN,
        /** Largest channel by channel. */
        MAX,
        /** Not at all: what is older than the window is dropped. To compare with. */
        NONE
    }

    /** @throws IllegalArgumentException when a size is not positive */
    public CoreConfig {
        if (group < 1 || window < 1) {
            throw new IllegalArgumentException("groups of " + group + " and a window of " + window
                    + " tokens: both must be"
                    + " positive");
        }
    }

    /** P, groups among the first {@code tokens} tokens that are older than the window. */
    public int cores(long tokens) {
        return tokens > window ? Math.toIntExact((tokens - window) / group) : 0;
    }

    /** Cores that are there to be seen: P, or 0 where groups are dropped. */
    int kept(long tokens) {
        return pool == Pool.NONE ? 0 : cores(tokens);
    }
}
