package io.heed.sequence.pointer;

import java.util.Arrays;
import java.util.Locale;

/**
 * How good predicted hulls are.
 *
 * @param exact     share that is the right polygon, from any corner in any direction
 * @param coverage  mean of the area over the right area, over simple polygons
 * @param notSimple share that is no simple polygon
 */
record HullScore(double exact, double coverage, double notSimple) {
    /** Share of polygons that are not simple above which the paper calls coverage a failure. */
    private static final double FAILURE = 0.01;

    static HullScore of(PointModel model, Instances instances, int beams) {
        int[][] found = new BeamSearch(model, Rule.CONVEX_HULL, beams).run(instances.points(), instances.lengths());
        double exact = 0;
        double coverage = 0;
        int simple = 0;
        for (int i = 0; i < found.length; i++) {
            int[] polygon = Polygons.open(Arrays.copyOf(found[i], found[i].length - 1)); // without the end
            PointSet points = instances.sets().get(i);
            int[] right = Polygons.open(instances.answers().get(i));
            exact += Polygons.isSame(polygon, right) ? 1 : 0;
            if (Polygons.isSimple(points, polygon)) {
                simple++;
                coverage += Polygons.area(points, polygon) / Polygons.area(points, right);
            }
        }
        return new HullScore(exact / found.length, simple == 0 ? 0 : coverage / simple,
                1 - (double) simple / found.length);
    }

    /** The coverage, or FAIL where too many polygons are not simple. */
    String verdict() {
        return notSimple > FAILURE ? "FAIL" : String.format(Locale.ROOT, "%.1f%%", 100 * coverage);
    }
}
