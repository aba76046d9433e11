package io.heed.sequence.pointer;

import java.util.Arrays;

import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.GeometryFactory;

/** Polygons given by the numbers of their corners, closed or not. */
final class Polygons {
    private static final GeometryFactory FACTORY = new GeometryFactory();

    private Polygons() { }

    /** The area within, whatever the direction. */
    static double area(PointSet points, int[] corners) {
        return Math.abs(signedArea(points, corners));
    }

    /** The area within, positive when the corners run counter-clockwise. */
    static double signedArea(PointSet points, int[] corners) {
        double twice = 0;
        for (int i = 0; i < corners.length; i++) {
            int a = corners[i] - 1;
            int b = corners[(i + 1) % corners.length] - 1;
            twice += points.x()[a] * points.y()[b] - points.x()[b] * points.y()[a];
        }
        return twice / 2;
    }

    /** Whether there are three corners at least and no two edges cross or touch. */
    static boolean isSimple(PointSet points, int[] corners) {
        int[] open = open(corners);
        if (open.length < 3) {
            return false;
        }
        Coordinate[] ring = new Coordinate[open.length + 1];
        for (int i = 0; i <= open.length; i++) {
            int corner = open[i % open.length] - 1;
            ring[i] = new Coordinate(points.x()[corner], points.y()[corner]);
        }
        return FACTORY.createLinearRing(ring).isSimple();
    }

    /** Whether two lists name the same polygon: from any corner, in any direction. */
    static boolean isSame(int[] a, int[] b) {
        int[] first = open(a);
        int[] second = open(b);
        int n = first.length;
        if (n != second.length) {
            return false;
        }
        for (int shift = 0; shift < n; shift++) {
            boolean along = true;
            boolean against = true;
            for (int i = 0; i < n; i++) {
                along &= first[i] == second[(shift + i) % n];
                against &= first[i] == second[(shift - i + n) % n];
            }
            if (along || against) {
                return true;
            }
        }
        return n == 0;
    }

    /** Without the repeated first corner. */
    static int[] open(int[] corners) {
        int n = corners.length;
        return n > 1 && corners[0] == corners[n - 1] ? Arrays.copyOf(corners, n - 1) : corners;
    }
}
