package io.heed.sequence.pointer;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

import org.jgrapht.alg.tour.HeldKarpTSP;
import org.junit.jupiter.api.Test;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.geom.MultiPoint;

import io.heed.data.CounterRandom;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

/** Exact answers against other people's exact answers. */
class GeometryTest {
    @Test
    void hullsAreThoseOfJts() {
        CounterRandom random = new CounterRandom(1);
        for (int n : new int[] {3, 4, 7, 20, 50, 200}) {
            for (int i = 0; i < 20; i++) {
                PointSet points = PointSet.random(random, n);
                int[] hull = ConvexHull.of(points);
                assertThat(hull[hull.length - 1]).isEqualTo(hull[0]).isEqualTo(Arrays.stream(hull).min().orElseThrow());
                for (int c = 0; c + 2 < hull.length; c++) {
                    assertThat(points.turn(hull[c], hull[c + 1], hull[c + 2])).as("counter-clockwise").isPositive();
                }
                Geometry exact = multiPoint(points).convexHull();
                assertThat(hull.length).isEqualTo(exact.getNumPoints());
                assertThat(Polygons.area(points, hull)).isCloseTo(exact.getArea(), within(1e-12));
            }
        }
    }

    @Test
    void trianglesCoverTheHullAndNoCircleHoldsAPoint() {
        CounterRandom random = new CounterRandom(2);
        for (int n : new int[] {3, 5, 10, 50}) {
            for (int i = 0; i < 20; i++) {
                PointSet points = PointSet.random(random, n);
                int[][] triangles = Delaunay.of(points);
                int[] hull = ConvexHull.of(points);
                assertThat(triangles).as("Euler: 2 n - 2 - corners").hasDimensions(2 * n - 2 - (hull.length - 1), 3);
                double area = 0;
                Set<String> seen = new HashSet<>();
                double before = Double.NEGATIVE_INFINITY;
                for (int[] t : triangles) {
                    assertThat(t[0] < t[1] && t[1] < t[2]).isTrue();
                    assertThat(seen.add(Arrays.toString(t))).isTrue();
                    boolean left = points.turn(t[0], t[1], t[2]) > 0;
                    area += Math.abs(points.turn(t[0], t[1], t[2])) / 2;
                    for (int p = 1; p <= n; p++) {
                        boolean corner = p == t[0] || p == t[1] || p == t[2];
                        assertThat(!corner && points.isInCircle(left ? t[0] : t[1], left ? t[1] : t[0], t[2], p))
                                .isFalse();
                    }
                    double x = Delaunay.incentre(points, t)[0];
                    assertThat(x).as("ordered by incentres").isGreaterThanOrEqualTo(before);
                    before = x;
                }
                assertThat(area).isCloseTo(Polygons.area(points, hull), within(1e-9));
            }
        }
    }

    @Test
    void shortestToursAreThoseOfJgrapht() {
        CounterRandom random = new CounterRandom(3);
        for (int n : new int[] {3, 4, 5, 8, 11}) {
            for (int i = 0; i < 5; i++) {
                PointSet points = PointSet.random(random, n);
                int[] tour = Tours.exact(points);
                assertThat(Tours.isValid(n, tour)).isTrue();
                assertThat(tour[0]).isEqualTo(1);
                assertThat(tour[1]).isLessThan(tour[n - 1]);
                double best = Tours.length(points, tour);
                assertThat(best).isCloseTo(Tours.length(points, Tours.by(points, new HeldKarpTSP<>())), within(1e-9));
                for (int[] other : new int[][] {Tours.nearestNeighbour(points), Tours.spanningTree(points),
                    Tours.christofides(points)}) {
                    assertThat(Tours.isValid(n, other)).isTrue();
                    assertThat(Tours.length(points, other)).isGreaterThanOrEqualTo(best - 1e-12);
                }
                assertThat(Tours.length(points, Tours.christofides(points))).isLessThanOrEqualTo(1.5 * best + 1e-12);
                assertThat(Tours.length(points, Tours.spanningTree(points))).isLessThanOrEqualTo(2 * best + 1e-12);
            }
        }
        assertThatThrownBy(() -> Tours.exact(PointSet.random(random, 21)))
                .hasMessageContaining("2 to 20 points, got 21");
    }

    @Test
    void polygonsAreTheSameFromAnyCornerInAnyDirection() {
        assertThat(Polygons.isSame(new int[] {1, 4, 2, 3, 1}, new int[] {2, 4, 1, 3})).isTrue();
        assertThat(Polygons.isSame(new int[] {1, 4, 2, 3, 1}, new int[] {1, 2, 4, 3})).isFalse();
        assertThat(Polygons.isSame(new int[] {1, 4, 2}, new int[] {1, 4, 2, 3})).isFalse();
        PointSet square = new PointSet(new double[] {0, 1, 1, 0}, new double[] {0, 0, 1, 1});
        assertThat(Polygons.isSimple(square, new int[] {1, 2, 3, 4, 1})).isTrue();
        assertThat(Polygons.isSimple(square, new int[] {1, 3, 2, 4})).as("crossing").isFalse();
        assertThat(Polygons.isSimple(square, new int[] {1, 2})).isFalse();
        assertThat(Polygons.area(square, new int[] {1, 4, 3, 2})).isEqualTo(1);
    }

    @Test
    void pointsOnALineAreRefused() {
        PointSet line = new PointSet(new double[] {0, 1, 2}, new double[] {0, 1, 2});
        assertThatThrownBy(() -> ConvexHull.of(line)).hasMessage("3 points on a line have no hull");
    }

    private static MultiPoint multiPoint(PointSet points) {
        Coordinate[] coordinates = new Coordinate[points.size()];
        for (int i = 0; i < coordinates.length; i++) {
            coordinates[i] = new Coordinate(points.x()[i], points.y()[i]);
        }
        return new GeometryFactory().createMultiPointFromCoords(coordinates);
    }

    @Test
    void toursToLearnAreTheShortestCounterClockwise() {
        CounterRandom random = new CounterRandom(4);
        for (int round = 0; round < 20; round++) {
            PointSet points = PointSet.random(random, 5 + round % 4);
            int[] tour = Problem.TSP.answer(points);
            assertThat(Tours.isValid(points.size(), tour)).isTrue();
            assertThat(tour[0]).isEqualTo(1);
            assertThat(Tours.length(points, tour)).isCloseTo(Tours.length(points, Tours.exact(points)), within(1e-9));
            assertThat(Polygons.signedArea(points, Polygons.open(tour))).isPositive();
        }
    }
}
