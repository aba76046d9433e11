package io.heed.sequence.pointer;

import java.util.stream.IntStream;

/** Convex hulls, by Andrew's monotone chain. */
final class ConvexHull {
    private ConvexHull() { }

    /**
     * The hull's corners counter-clockwise from the lowest number, closed by repeating it; points on an edge are no
     * corners.
     *
     * @throws IllegalArgumentException when the points have no area
     */
    static int[] of(PointSet points) {
        int[] order = IntStream.rangeClosed(1, points.size()).boxed().sorted((a, b) -> {
            int byX = Double.compare(points.x()[a - 1], points.x()[b - 1]);
            return byX != 0 ? byX : Double.compare(points.y()[a - 1], points.y()[b - 1]);
        }).mapToInt(Integer::intValue).toArray();
        int[] chain = new int[2 * order.length + 1];
        int count = 0;
        for (int pass = 0; pass < 2; pass++) { // the lower chain, then the upper one back
            int start = count;
            for (int i = 0; i < order.length; i++) {
                int point = pass == 0 ? order[i] : order[order.length - 1 - i];
                while (count - start >= 2 && points.turn(chain[count - 2], chain[count - 1], point) <= 0) {
                    count--;
                }
                chain[count++] = point;
            }
            count--; // the last point begins the other chain
        }
        if (count < 3) {
            throw new IllegalArgumentException(points.size() + " points on a line have no hull");
        }
        int least = 0;
        for (int i = 1; i < count; i++) {
            least = chain[i] < chain[least] ? i : least;
        }
        int[] hull = new int[count + 1];
        for (int i = 0; i <= count; i++) {
            hull[i] = chain[(least + i) % count];
        }
        return hull;
    }
}
