package io.heed.sequence.pointer;

import java.util.Arrays;

/**
 * How long predicted tours are; the search allows no others than valid ones.
 *
 * @param ours     mean length
 * @param shortest mean of the right answers
 * @param nearest  mean of going to the nearest city left
 */
record TourScore(double ours, double shortest, double nearest) {
    static TourScore of(PointModel model, Instances instances, int beams) {
        int[][] found = new BeamSearch(model, Rule.TSP, beams).run(instances.points(), instances.lengths());
        double ours = 0;
        double shortest = 0;
        double nearest = 0;
        for (int i = 0; i < found.length; i++) {
            PointSet points = instances.sets().get(i);
            int[] tour = Arrays.copyOf(found[i], found[i].length - 1);
            if (!Tours.isValid(points.size(), tour)) {
                throw new IllegalStateException("the search gave " + Arrays.toString(tour) + ", no closed tour of "
                        + points.size() + " cities");
            }
            ours += Tours.length(points, tour) / found.length;
            shortest += Tours.length(points, instances.answers().get(i)) / found.length;
            nearest += Tours.length(points, Tours.nearestNeighbour(points)) / found.length;
        }
        return new TourScore(ours, shortest, nearest);
    }
}
