package io.heed.graph;

import java.util.Arrays;

/** The area under the ROC curve: the chance that a positive scores above a negative, ties counting one half. */
final class RankingArea {
    private RankingArea() { }

    /** @param labels 1 for a positive, 0 for a negative */
    static double of(float[] scores, long[] labels) {
        Integer[] order = new Integer[scores.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Float.compare(scores[a], scores[b]));
        double ranks = 0;
        long positives = 0;
        for (int i = 0; i < order.length; ) {
            int end = i;
            while (end < order.length && scores[order[end]] == scores[order[i]]) {
                end++;
            }
            for (int j = i; j < end; j++) {
                if (labels[order[j]] == 1) {
                    ranks += (i + 1 + end) / 2.0;
                    positives++;
                }
            }
            i = end;
        }
        long negatives = scores.length - positives;
        return positives == 0 || negatives == 0 ? Double.NaN
                : (ranks - positives * (positives + 1) / 2.0) / ((double) positives * negatives);
    }
}
