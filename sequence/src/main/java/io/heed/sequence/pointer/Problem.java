package io.heed.sequence.pointer;

import java.util.Arrays;

/** What is asked of a set of points. */
enum Problem {
    /** The convex hull. */
    CONVEX_HULL(Rule.CONVEX_HULL) {
        @Override
        int[] answer(PointSet points) {
            return ConvexHull.of(points);
        }
    },
    /**
     * The shortest tour: exact up to {@link Tours#MOST_EXACT} points, by Christofides above. Of its two directions,
     * which the paper leaves open, the counter-clockwise: one by the cities' numbers says nothing of where they lie,
     * and networks learn it before they learn any tour.
     */
    TSP(Rule.TSP) {
        @Override
        int[] answer(PointSet points) {
            return Tours.counterClockwise(points, points.size() <= Tours.MOST_EXACT ? Tours.exact(points)
                    : Tours.christofides(points));
        }
    },
    /** The Delaunay triangulation, triangle after triangle. */
    DELAUNAY(Rule.DELAUNAY) {
        @Override
        int[] answer(PointSet points) {
            return Arrays.stream(Delaunay.of(points)).flatMapToInt(Arrays::stream).toArray();
        }
    };

    private final Rule rule;

    Problem(Rule rule) {
        this.rule = rule;
    }

    /** The right answer, numbers from 1. */
    abstract int[] answer(PointSet points);

    /** What an answer must keep to. */
    Rule rule() {
        return rule;
    }
}
