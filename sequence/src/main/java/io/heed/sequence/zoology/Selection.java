package io.heed.sequence.zoology;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Which positions of a sequence look anything up at evaluation, by their scores. */
enum Selection {
    /** The n highest scores of the whole sequence, as the paper evaluates: later tokens decide about earlier ones. */
    SEQUENCE,
    /** A score that is among the n highest so far: what can be decided as the tokens come. */
    RUNNING;

    /**
     * The selected positions, in order.
     *
     * @param scores  of all positions; negative infinity at one that may not be selected
     * @param lookups n, or 0 for the square root of the tokens (seen so far, where {@link #RUNNING}), rounded up
     */
    int[] positions(float[] scores, int lookups) {
        return this == SEQUENCE ? highest(scores, lookups) : running(scores, lookups);
    }

    /** n for {@code tokens} tokens. */
    static int count(int lookups, int tokens) {
        return lookups > 0 ? Math.min(lookups, tokens) : (int) Math.ceil(Math.sqrt(tokens));
    }

    private static int[] highest(float[] scores, int lookups) {
        int[] real = IntStream.range(0, scores.length).filter(t -> scores[t] > Float.NEGATIVE_INFINITY).toArray();
        return IntStream.of(real).boxed().sorted(Comparator.comparing(t -> -scores[t])).mapToInt(Integer::intValue)
                .limit(count(lookups, real.length)).sorted().toArray();
    }

    private static int[] running(float[] scores, int lookups) {
        List<Integer> selected = new ArrayList<>();
        RunningRank rank = new RunningRank(scores);
        for (int t = 0, seen = 0; t < scores.length; t++) {
            if (scores[t] > Float.NEGATIVE_INFINITY) {
                seen++;
                if (rank.add(t) < count(lookups, seen)) {
                    selected.add(t);
                }
            }
        }
        return selected.stream().mapToInt(Integer::intValue).toArray();
    }

    /** How many earlier scores are at least as high: counts by rank in a tree of partial sums, O(log N) each. */
    private static final class RunningRank {
        private final int[] place; // from the highest score, 1, to the lowest; of equal ones the earlier first
        private final int[] sums;

        private RunningRank(float[] scores) {
            place = new int[scores.length];
            sums = new int[scores.length + 1];
            int[] next = {1};
            IntStream.range(0, scores.length).boxed().sorted(Comparator.comparing(t -> -scores[t]))
                    .forEach(t -> place[t] = next[0]++);
        }

        private int add(int position) {
            int higher = 0;
            for (int i = place[position] - 1; i > 0; i -= i & -i) {
                higher += sums[i];
            }
            for (int i = place[position]; i < sums.length; i += i & -i) {
                sums[i]++;
            }
            return higher;
        }
    }
}
