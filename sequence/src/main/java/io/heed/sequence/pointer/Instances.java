package io.heed.sequence.pointer;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.Tensor;

import io.heed.data.CounterRandom;
import io.heed.tensor.Ops;

/**
 * Point sets of different sizes with their answers.
 *
 * @param sets          the points
 * @param answers       the right answers, numbers from 1
 * @param points        (B, N, 2), zeros past a set's last point
 * @param lengths       (B) int64
 * @param targets       (B, S) int64, zeros past the end
 * @param targetLengths (B) int64
 */
record Instances(List<PointSet> sets, List<int[]> answers, Tensor points, Tensor lengths, Tensor targets,
        Tensor targetLengths) {
    /**
     * Uniform points, the same for the same key.
     *
     * @param least fewest points
     * @param most  most points
     */
    static Instances of(Problem problem, long key, int rows, int least, int most) {
        List<PointSet> sets = new ArrayList<>();
        List<int[]> answers = new ArrayList<>();
        for (int row = 0; row < rows; row++) {
            CounterRandom random = new CounterRandom(CounterRandom.key(key, row));
            PointSet set = PointSet.random(random, least + random.nextInt(most - least + 1));
            sets.add(set);
            answers.add(problem.answer(set));
        }
        return of(sets, answers);
    }

    static Instances of(List<PointSet> sets, List<int[]> answers) {
        int rows = sets.size();
        int n = sets.stream().mapToInt(PointSet::size).max().orElseThrow();
        int steps = answers.stream().mapToInt(answer -> answer.length).max().orElseThrow();
        float[] points = new float[rows * n * 2];
        long[] targets = new long[rows * steps];
        long[] lengths = new long[rows];
        long[] targetLengths = new long[rows];
        for (int row = 0; row < rows; row++) {
            PointSet set = sets.get(row);
            lengths[row] = set.size();
            targetLengths[row] = answers.get(row).length;
            for (int i = 0; i < set.size(); i++) {
                points[(row * n + i) * 2] = (float) set.x()[i];
                points[(row * n + i) * 2 + 1] = (float) set.y()[i];
            }
            for (int s = 0; s < answers.get(row).length; s++) {
                targets[row * steps + s] = answers.get(row)[s];
            }
        }
        return new Instances(sets, answers, Ops.of(points, rows, n, 2), Ops.of(lengths), Ops.of(targets, rows, steps),
                Ops.of(targetLengths));
    }
}
