package io.heed.sequence.pointer;

import java.util.Arrays;
import java.util.List;

import org.jgrapht.Graph;
import org.jgrapht.alg.interfaces.HamiltonianCycleAlgorithm;
import org.jgrapht.alg.tour.ChristofidesThreeHalvesApproxMetricTSP;
import org.jgrapht.alg.tour.TwoApproxMetricTSP;
import org.jgrapht.graph.DefaultWeightedEdge;
import org.jgrapht.graph.SimpleWeightedGraph;

/** Tours through all points, closed, from point 1, in the direction in which the second number is below the last. */
final class Tours {
    /** Most points for which the exact tour is looked for. */
    static final int MOST_EXACT = 20;

    private Tours() { }

    /** The length of a closed tour. */
    static double length(PointSet points, int[] tour) {
        double length = 0;
        for (int i = 0; i + 1 < tour.length; i++) {
            length += points.distance(tour[i], tour[i + 1]);
        }
        return length;
    }

    /** Whether {@code tour} is closed and visits every point once. */
    static boolean isValid(int n, int[] tour) {
        int[] sorted = Arrays.copyOf(tour, Math.max(0, tour.length - 1));
        Arrays.sort(sorted);
        boolean every = sorted.length == n;
        for (int i = 0; every && i < n; i++) {
            every = sorted[i] == i + 1;
        }
        return every && tour[0] == tour[n];
    }

    /**
     * The shortest tour, by Held and Karp's recursion over sets of visited points: O(2^n n^2).
     *
     * @throws IllegalArgumentException for more than {@value #MOST_EXACT} points, or less than 2
     */
    static int[] exact(PointSet points) {
        int n = points.size();
        if (n < 2 || n > MOST_EXACT) {
            throw new IllegalArgumentException("an exact tour needs 2 to " + MOST_EXACT + " points, got " + n);
        }
        int others = n - 1; // all but point 1
        double[][] shortest = new double[1 << others][];
        for (int set = 1; set < 1 << others; set++) {
            shortest[set] = new double[others];
            for (int last = 0; last < others; last++) {
                if ((set >> last & 1) == 0) {
                    continue;
                }
                int before = set & ~(1 << last);
                double best = before == 0 ? points.distance(1, last + 2) : Double.POSITIVE_INFINITY;
                for (int from = 0; from < others; from++) {
                    if ((before >> from & 1) != 0) {
                        best = Math.min(best, shortest[before][from] + points.distance(from + 2, last + 2));
                    }
                }
                shortest[set][last] = best;
            }
        }
        return directed(trace(points, shortest));
    }

    private static int[] trace(PointSet points, double[][] shortest) {
        int others = points.size() - 1;
        int[] tour = new int[points.size() + 1];
        tour[0] = 1;
        tour[points.size()] = 1;
        int set = (1 << others) - 1;
        int next = 1;
        for (int at = others; at > 0; at--) {
            int best = -1;
            for (int last = 0; last < others; last++) {
                boolean in = (set >> last & 1) != 0;
                if (in && (best < 0 || shortest[set][last] + points.distance(last + 2, next)
                        < shortest[set][best] + points.distance(best + 2, next))) {
                    best = last;
                }
            }
            tour[at] = best + 2;
            next = best + 2;
            set &= ~(1 << best);
        }
        return tour;
    }

    /** The same closed tour from the same point, counter-clockwise. */
    static int[] counterClockwise(PointSet points, int[] tour) {
        int[] turned = tour.clone();
        if (Polygons.signedArea(points, Polygons.open(tour)) < 0) {
            for (int i = 0; i < tour.length; i++) {
                turned[i] = tour[tour.length - 1 - i];
            }
        }
        return turned;
    }

    /** Always on to the nearest point left, from point 1, in the order in which it goes. */
    static int[] nearestNeighbour(PointSet points) {
        int n = points.size();
        boolean[] visited = new boolean[n + 1];
        int[] tour = new int[n + 1];
        tour[0] = 1;
        visited[1] = true;
        for (int at = 1; at < n; at++) {
            int best = 0;
            for (int next = 2; next <= n; next++) {
                if (!visited[next] && (best == 0 || points.distance(tour[at - 1], next) < points.distance(tour[at - 1],
                        best))) {
                    best = next;
                }
            }
            tour[at] = best;
            visited[best] = true;
        }
        tour[n] = 1;
        return tour;
    }

    /** Round a minimum spanning tree: at most twice the shortest, O(n^2). */
    static int[] spanningTree(PointSet points) {
        return by(points, new TwoApproxMetricTSP<>());
    }

    /** Christofides: at most 1.5 times the shortest, O(n^3). */
    static int[] christofides(PointSet points) {
        return by(points, new ChristofidesThreeHalvesApproxMetricTSP<>());
    }

    static int[] by(PointSet points, HamiltonianCycleAlgorithm<Integer, DefaultWeightedEdge> algorithm) {
        Graph<Integer, DefaultWeightedEdge> graph = new SimpleWeightedGraph<>(DefaultWeightedEdge.class);
        for (int a = 1; a <= points.size(); a++) {
            graph.addVertex(a);
            for (int b = 1; b < a; b++) {
                graph.setEdgeWeight(graph.addEdge(a, b), points.distance(a, b));
            }
        }
        List<Integer> cycle = algorithm.getTour(graph).getVertexList();
        int n = points.size();
        int start = cycle.indexOf(1);
        int[] tour = new int[n + 1];
        for (int i = 0; i <= n; i++) {
            tour[i] = cycle.get((start + i) % n); // the list repeats its first vertex at the end
        }
        return directed(tour);
    }

    /** Turned round where the second number is above the last. */
    private static int[] directed(int[] tour) {
        int n = tour.length - 1;
        if (n < 3 || tour[1] < tour[n - 1]) {
            return tour;
        }
        int[] turned = tour.clone();
        for (int i = 0; i <= n; i++) {
            turned[i] = tour[n - i];
        }
        return turned;
    }
}
