package io.heed.insight;

/**
 * What one layer's attention did on a batch, by head, gathered without an N x N matrix. "Share" means a weight divided
 * by its row's sum of absolute weights (plus 1e-8), so that mechanisms that do not normalise can be compared with
 * softmax; for softmax it is the weight itself. Keys may outnumber queries by some that stand in front of the sequence
 * (a learned bias): key k then is the one before query k - (Nk - Nq).
 *
 * @param raw       mean weight that key k gets from the queries that see it: (B, H, Nk)
 * @param share     the same of shares: alpha_k = 1 / (T - k + 1) sum_i A_ik
 * @param mass      mean sum of a row's weights, by head; 1 for softmax
 * @param largest   mean of a row's largest weight, by head
 * @param entropy   mean entropy of a row's shares in nats, by head
 * @param evenness  mean of that over the entropy of equal shares, over rows that see more than one key; by head, 0 to 1
 * @param distance  mean distance in tokens that a share reaches, by head
 * @param profile   mean share at distance 0, 1, 2, .. of the queries that have such a key: (H, Nk)
 * @param keys      norms and angles of keys and queries
 * @param thumbnail the map of the first sequence averaged into a square of at most {@link StatisticsObserver#THUMBNAIL}
 *                  bins, shares: (H, bins, bins)
 */
public record AttentionStatistics(float[][][] raw, float[][][] share, double[] mass, double[] largest, double[] entropy,
                                  double[] evenness, double[] distance, double[][] profile, KeyGeometry keys,
                                  float[][][] thumbnail) {

    /**
     * Why a key draws attention: q . k = |q| |k| cos(q, k).
     *
     * @param keyNorm   mean |k| by key/value head and position: (G, Nk)
     * @param valueNorm mean |v|: (G, Nk)
     * @param queryNorm mean |q|: (H, Nq)
     * @param cosine    mean cos(q, k) over the queries that see the key: (H, Nk)
     */
    public record KeyGeometry(float[][] keyNorm, float[][] valueNorm, float[][] queryNorm, float[][] cosine) { }

    /** H. */
    public int heads() {
        return mass.length;
    }

    /** Nk. */
    public int length() {
        return share[0][0].length;
    }

    /** alpha_k of one head, the mean over the sequences. */
    public double alpha(int head, int key) {
        return mean(share, head, key);
    }

    /** The mean raw weight on key k of one head. */
    public double rawAlpha(int head, int key) {
        return mean(raw, head, key);
    }

    /** The share of sequences in which one head's alpha_k exceeds {@code epsilon}. */
    public double sinkShare(int head, int key, double epsilon) {
        double count = 0;
        for (float[][] sequence : share) {
            count += sequence[head][key] > epsilon ? 1 : 0;
        }
        return count / share.length;
    }

    /**
     * The key among the first half whose alpha is largest. In the second half few queries see a key, so that its alpha
     * says little.
     */
    public int strongestKey(int head) {
        int best = 0;
        for (int k = 1; k < Math.max(1, length() / 2); k++) {
            best = alpha(head, k) > alpha(head, best) ? k : best;
        }
        return best;
    }

    private static double mean(float[][][] columns, int head, int key) {
        double sum = 0;
        for (float[][] sequence : columns) {
            sum += sequence[head][key];
        }
        return sum / columns.length;
    }
}
