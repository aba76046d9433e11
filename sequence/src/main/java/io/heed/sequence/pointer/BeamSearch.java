package io.heed.sequence.pointer;

import java.util.Arrays;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.tensor.Ops;

/**
 * The likeliest answers found by going on with the best few of each set, all sets and beams side by side.
 *
 * @param model who answers
 * @param rule  what is allowed
 * @param beams answers kept for each set
 */
record BeamSearch(PointModel model, Rule rule, int beams) {
    /** @throws IllegalArgumentException when there is no beam */
    BeamSearch {
        if (beams < 1) {
            throw new IllegalArgumentException("a beam search needs at least 1 beam, got " + beams);
        }
    }

    /**
     * Answers for point sets.
     *
     * @param points  (B, N, 2)
     * @param lengths (B) int64
     * @return for each set its best answer up to and with the first 0
     */
    int[][] run(Tensor points, Tensor lengths) {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            return new Search(points, Ops.longs(lengths)).run(lengths);
        }
    }

    private final class Search {
        private final Tensor points;
        private final long[] lengths;
        private final int sets;
        private final int most;
        private final float[][] penalty; // sum of -log p by set and beam
        private int[][] chosen;          // by row, a set's beams side by side

        Search(Tensor points, long[] lengths) {
            this.points = points;
            this.lengths = lengths;
            sets = lengths.length;
            most = rule.mostSteps(Math.toIntExact(Arrays.stream(lengths).max().orElseThrow()));
            penalty = new float[sets][beams];
            for (float[] ofSet : penalty) {
                Arrays.fill(ofSet, 1, beams, Float.POSITIVE_INFINITY); // all beams are one at first
            }
            chosen = new int[sets * beams][most + 1];
        }

        int[][] run(Tensor lengthTensor) {
            long[] rows = new long[sets * beams];
            Arrays.setAll(rows, i -> i / beams);
            PointModel.Encoded encoded = model.encode(points, lengthTensor).rows(Ops.of(rows));
            PointModel.State state = new PointModel.State(encoded.h(), encoded.c());
            Tensor input = model.start(rows.length);
            int steps = 0;
            while (steps < most && !allEnded(steps)) {
                state = model.step(input, state.h(), state.c());
                float[] scores = Ops.floats(model.scores(encoded, state.h().unsqueeze(1)));
                long[] from = advance(scores, scores.length / rows.length, steps);
                steps++;
                Tensor kept = Ops.of(from);
                state = new PointModel.State(state.h().index_select(0, kept), state.c().index_select(0, kept));
                input = coordinates(steps);
            }
            int[][] answers = new int[sets][];
            for (int set = 0; set < sets; set++) {
                int end = 0;
                while (end < steps && chosen[set * beams][end] != 0) {
                    end++;
                }
                answers[set] = Arrays.copyOf(chosen[set * beams], end + 1); // what follows the last step is 0
            }
            return answers;
        }

        /** Goes on with the best of all beams of each set; the rows that they come from. */
        private long[] advance(float[] scores, int answers, int steps) {
            int[][] next = new int[chosen.length][];
            long[] from = new long[chosen.length];
            for (int set = 0; set < sets; set++) {
                float[] candidates = new float[beams * answers];
                for (int beam = 0; beam < beams; beam++) {
                    int row = set * beams + beam;
                    float[] own = Arrays.copyOfRange(scores, row * answers, (row + 1) * answers);
                    rule.restrict(own, chosen[row], steps, Math.toIntExact(lengths[set]));
                    penalise(own, penalty[set][beam], candidates, beam * answers);
                }
                for (int beam = 0; beam < beams; beam++) {
                    int best = least(candidates);
                    int row = set * beams + best / answers;
                    next[set * beams + beam] = chosen[row].clone();
                    next[set * beams + beam][steps] = best % answers;
                    from[set * beams + beam] = row;
                    penalty[set][beam] = candidates[best];
                    candidates[best] = Float.NaN; // taken
                }
            }
            chosen = next;
            return from;
        }

        /** penalty - log softmax(scores), an impossible answer costing the largest finite number. */
        private static void penalise(float[] scores, float penalty, float[] into, int at) {
            float largest = Float.NEGATIVE_INFINITY;
            for (float score : scores) {
                largest = Math.max(largest, score);
            }
            double sum = 0;
            for (float score : scores) {
                sum += Math.exp(score - largest);
            }
            double log = Math.log(sum) + largest;
            for (int j = 0; j < scores.length; j++) {
                float logP = scores[j] == Float.NEGATIVE_INFINITY ? -Float.MAX_VALUE : (float) (scores[j] - log);
                into[at + j] = penalty - logP;
            }
        }

        private static int least(float[] candidates) {
            int best = -1;
            for (int i = 0; i < candidates.length; i++) {
                if (!Float.isNaN(candidates[i]) && (best < 0 || candidates[i] < candidates[best])) {
                    best = i;
                }
            }
            return best;
        }

        private boolean allEnded(int steps) {
            for (int[] row : chosen) {
                boolean ended = false;
                for (int i = 0; i < steps; i++) {
                    ended |= row[i] == 0;
                }
                if (!ended) {
                    return false;
                }
            }
            return true;
        }

        /** The points chosen last, (rows, 2); a finished beam's do not matter. */
        private Tensor coordinates(int steps) {
            long[] flat = new long[chosen.length];
            for (int row = 0; row < flat.length; row++) {
                flat[row] = row / beams * points.size(1) + Math.max(0, chosen[row][steps - 1] - 1);
            }
            return points.flatten(0, 1).index_select(0, Ops.of(flat));
        }
    }
}
