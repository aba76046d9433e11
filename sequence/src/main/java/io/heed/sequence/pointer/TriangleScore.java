package io.heed.sequence.pointer;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * How good predicted triangulations are; the order of triangles and of their corners does not matter.
 *
 * @param exact    share whose triangles are the right ones, all and no others
 * @param coverage mean share of the right triangles that were found
 */
record TriangleScore(double exact, double coverage) {
    static TriangleScore of(PointModel model, Instances instances, int beams) {
        int[][] found = new BeamSearch(model, Rule.DELAUNAY, beams).run(instances.points(), instances.lengths());
        double exact = 0;
        double coverage = 0;
        for (int i = 0; i < found.length; i++) {
            Set<Set<Integer>> right = triangles(instances.answers().get(i));
            Set<Set<Integer>> said = triangles(Arrays.copyOf(found[i], found[i].length - 1)); // without the end
            exact += said.equals(right) ? 1 : 0;
            long hits = right.stream().filter(said::contains).count();
            coverage += (double) hits / right.size();
        }
        return new TriangleScore(exact / found.length, coverage / found.length);
    }

    /** Corners three by three; one or two that are left over count as a triangle that is none. */
    static Set<Set<Integer>> triangles(int[] corners) {
        Set<Set<Integer>> triangles = new HashSet<>();
        List<Integer> all = Arrays.stream(corners).boxed().toList();
        for (int at = 0; at < corners.length; at += 3) {
            triangles.add(new HashSet<>(all.subList(at, Math.min(corners.length, at + 3))));
        }
        return triangles;
    }
}
