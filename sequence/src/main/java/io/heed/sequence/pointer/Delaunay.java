package io.heed.sequence.pointer;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Delaunay triangulations, by wrapping: from an edge of the hull on, the third corner on an edge's open side is the one
 * whose circle holds no other point. O(n) a triangle, so O(n^2) in all, without a super-triangle's errors at the hull.
 */
final class Delaunay {
    private Delaunay() { }

    /**
     * The triangles, each an increasing triple, ordered by the coordinates of their incentres.
     *
     * @throws IllegalArgumentException when the points have no area
     */
    static int[][] of(PointSet points) {
        int[] hull = ConvexHull.of(points);
        Set<Long> open = new HashSet<>(); // directed edges that have a triangle on their left
        Deque<int[]> edges = new ArrayDeque<>(List.of(new int[] {hull[0], hull[1]}));
        List<int[]> triangles = new ArrayList<>();
        while (!edges.isEmpty()) {
            int[] edge = edges.poll();
            if (open.contains(key(edge[0], edge[1]))) {
                continue;
            }
            int third = third(points, edge[0], edge[1]);
            if (third == 0) {
                continue; // outside the hull
            }
            int[] triangle = {edge[0], edge[1], third};
            for (int i = 0; i < 3; i++) {
                int a = triangle[i];
                int b = triangle[(i + 1) % 3];
                open.add(key(a, b));
                edges.add(new int[] {b, a});
            }
            Arrays.sort(triangle);
            triangles.add(triangle);
        }
        triangles.sort(Comparator.comparingDouble((int[] t) -> incentre(points, t)[0])
                .thenComparingDouble(t -> incentre(points, t)[1]));
        return triangles.toArray(int[][]::new);
    }

    /** The point left of a to b whose circle with them is empty; 0 when none lies left. */
    private static int third(PointSet points, int a, int b) {
        int best = 0;
        for (int c = 1; c <= points.size(); c++) {
            if (c != a && c != b && points.turn(a, b, c) > 0 && (best == 0 || points.isInCircle(a, b, best, c))) {
                best = c;
            }
        }
        return best;
    }

    private static long key(int a, int b) {
        return (long) a << 32 | b;
    }

    /** (a A + b B + c C) / (a + b + c), a the length of the side opposite A. */
    static double[] incentre(PointSet points, int[] t) {
        double a = points.distance(t[1], t[2]);
        double b = points.distance(t[0], t[2]);
        double c = points.distance(t[0], t[1]);
        double sum = a + b + c;
        return new double[] {(a * points.x()[t[0] - 1] + b * points.x()[t[1] - 1] + c * points.x()[t[2] - 1]) / sum,
            (a * points.y()[t[0] - 1] + b * points.y()[t[1] - 1] + c * points.y()[t[2] - 1]) / sum};
    }
}
