package io.heed.inference.act;

/**
 * How sinks are found and damped.
 *
 * @param beta      what a sink keeps of its attention, from 0 to below 1
 * @param threshold what it is a sink above: tau of the fixed rule, alpha of the relative one
 * @param rule      how the threshold is meant
 * @param keep      which sink stays as it is
 */
public record Calibration(double beta, double threshold, Rule rule, Keep keep) {
    /** How the threshold is meant. */
    public enum Rule {
        /** tau = threshold, 0.1 in the official scripts. */
        FIXED,
        /** tau = threshold / N, with 5 in the paper. */
        RELATIVE
    }

    /** Which sink stays as it is. */
    public enum Keep {
        /** Token 0, as the paper says. */
        TOKEN0,
        /** The first token that is a sink, as the official code has it. */
        FIRST_FOUND
    }

    /** beta 0.4, a fixed threshold of 0.1, token 0 kept. */
    public static final Calibration USUAL = new Calibration(0.4, 0.1, Rule.FIXED, Keep.TOKEN0);

    /** @throws IllegalArgumentException in one line when a value is out of its range */
    public Calibration {
        if (!(beta >= 0 && beta < 1)) {
            throw new IllegalArgumentException("act: beta is " + beta + ", must be at least 0 and below 1");
        }
        if (!(threshold > 0)) {
            throw new IllegalArgumentException("act: threshold is " + threshold + ", must be more than 0");
        }
    }

    /** tau for a map of {@code length} tokens. */
    public double tau(int length) {
        return rule == Rule.FIXED ? threshold : threshold / length;
    }

    /** The index of the kept sink among these; -1 when none is kept. */
    int kept(boolean[] sinks) {
        if (keep == Keep.TOKEN0) {
            return 0;
        }
        for (int k = 0; k < sinks.length; k++) {
            if (sinks[k]) {
                return k;
            }
        }
        return -1;
    }
}
