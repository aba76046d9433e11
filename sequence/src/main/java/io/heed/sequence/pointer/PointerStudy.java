package io.heed.sequence.pointer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Supplier;

import org.bytedeco.javacpp.PointerScope;

import io.heed.catalog.Budget;
import io.heed.catalog.Claim;
import io.heed.catalog.Plot;
import io.heed.catalog.Progress;
import io.heed.catalog.Report;
import io.heed.catalog.Study;
import io.heed.catalog.Table;
import io.heed.catalog.Verdict;
import io.heed.data.CounterRandom;
import io.heed.sequence.StudyTraining;
import io.heed.tensor.Seeds;
import io.heed.train.TrainConfig;

/** Hulls by three networks under equal steps, hulls of more points than were trained, triangulations and tours. */
final class PointerStudy implements Study {
    private static final String POINTER = "pointer network";
    private static final String ATTENTION = "LSTM with attention";
    private static final String LSTM = "LSTM";
    private static final double RATE = 1e-2;
    private static final double CLIP = 2;
    private static final int BEAMS = 3;
    private static final int EVALUATED = 500;
    /** Points of exact hulls by which the pointer network must lead in full mode. */
    private static final double LEAD = 10;
    private static final double LONGER_AREA = 0.85;
    /** Excess over the shortest tour that is allowed. */
    private static final double TOUR = 0.05;

    private record Arm(double tokens, HullScore hulls, double seconds, Map<Integer, HullScore> longer) { }

    private record Sizes(int hidden, int least, int most, int steps, int triangleSteps, int[] triangulated,
            int tourSteps, int[] cities, int[] longer, double area) {
        static Sizes of(Budget budget) {
            return budget == Budget.QUICK
                    ? new Sizes(64, 5, 6, 3000, 3000, new int[] {5}, 2000, new int[] {5}, new int[] {8, 10, 12}, 0.9)
                    : new Sizes(128, 5, 12, 12_000, 12_000, new int[] {5, 10}, 8000, new int[] {5, 8},
                            new int[] {20, 50, 100}, 0.97);
        }

        double allSteps() {
            return 3.0 * steps + (double) triangulated.length * triangleSteps + (double) cities.length * tourSteps;
        }
    }

    @Override
    public List<Claim> claims() {
        return PointerSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        Sizes sizes = Sizes.of(budget);
        Report.Builder report = Report.of("pointer-network", budget).claims(claims());
        Map<String, Supplier<PointModel>> models = new LinkedHashMap<>();
        models.put(LSTM, () -> new FixedDictionary(2, sizes.hidden, sizes.most, false));
        models.put(ATTENTION, () -> new FixedDictionary(2, sizes.hidden, sizes.most, true));
        models.put(POINTER, () -> new PointerNetwork(2, sizes.hidden));
        Map<String, Arm> arms = new LinkedHashMap<>();
        double all = sizes.allSteps();
        for (Map.Entry<String, Supplier<PointModel>> one : models.entrySet()) {
            progress.update(arms.size() * sizes.steps / all, one.getKey());
            arms.put(one.getKey(), hulls(one.getValue(), sizes, one.getKey().equals(POINTER)));
        }
        double done = 3.0 * sizes.steps;
        Map<Integer, TriangleScore> triangles = new LinkedHashMap<>();
        for (int n : sizes.triangulated) {
            progress.update(done / all, "triangulations of " + n + " points");
            triangles.put(n, of(Problem.DELAUNAY, n, sizes.triangleSteps, sizes,
                    (network, held) -> TriangleScore.of(network, held, BEAMS)));
            done += sizes.triangleSteps;
        }
        Map<Integer, TourScore> tours = new LinkedHashMap<>();
        for (int cities : sizes.cities) {
            progress.update(done / all, cities + " cities");
            tours.put(cities, of(Problem.TSP, cities, sizes.tourSteps, sizes,
                    (network, held) -> TourScore.of(network, held, BEAMS)));
            done += sizes.tourSteps;
        }
        report.table(hullTable(arms, sizes)).table(longerTable(arms.get(POINTER))).table(triangleTable(triangles))
                .table(tourTable(tours)).plot(plot(arms.get(POINTER)));
        report.note("Uniform points, new at every step, " + sizes.least + " to " + sizes.most
                + " for hulls; one LSTM layer of "
                + sizes.hidden + ", AdamW at " + RATE + ", clip " + CLIP + ", batches of 128, " + sizes.steps
                + " steps for each model, " + sizes.triangleSteps + " for triangulations, " + sizes.tourSteps
                + " for tours"
                + " (the paper: 256 or 512 units, a million instances). Answers by beam search with " + BEAMS
                + " beams.");
        report.note("The LSTM and the LSTM with attention answer from a dictionary of " + sizes.most
                + " numbers and cannot read more"
                + " points.");
        return verdict(report, arms, triangles, tours, sizes, budget);
    }

    private static Arm hulls(Supplier<PointModel> model, Sizes sizes, boolean longer) {
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(0, "weights", 0);
            PointModel built = model.get();
            PointTask task = new PointTask(Problem.CONVEX_HULL, sizes.least, sizes.most);
            long begin = System.nanoTime();
            double tokens = StudyTraining.train(built, task, training(sizes.steps)).value();
            double seconds = (System.nanoTime() - begin) / 1e9;
            built.eval();
            Map<Integer, HullScore> further = new LinkedHashMap<>();
            if (longer) {
                for (int n : sizes.longer) {
                    further.put(n,
                            HullScore.of(built, Instances.of(Problem.CONVEX_HULL, CounterRandom.key(n), EVALUATED / 2,
                            n, n), BEAMS));
                }
            }
            return new Arm(tokens, HullScore.of(built, task.heldOut(EVALUATED), BEAMS), seconds, further);
        }
    }

    /** The score of a pointer network trained on a problem of {@code n} points. */
    private static <S> S of(Problem problem, int n, int steps, Sizes sizes,
            BiFunction<PointerNetwork, Instances, S> score) {
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(0, "weights", 1);
            PointerNetwork network = new PointerNetwork(2, sizes.hidden);
            PointTask task = new PointTask(problem, n, n);
            StudyTraining.train(network, task, training(steps));
            network.eval();
            return score.apply(network, task.heldOut(EVALUATED));
        }
    }

    private static TrainConfig training(int steps) {
        return StudyTraining.config(steps, RATE, 0).withClip(CLIP).withWeightDecay(0, false);
    }

    private static Report verdict(Report.Builder report, Map<String, Arm> arms,
            Map<Integer, TriangleScore> triangles, Map<Integer, TourScore> tours, Sizes sizes, Budget budget) {
        Arm pointer = arms.get(POINTER);
        Arm attention = arms.get(ATTENTION);
        Arm lstm = arms.get(LSTM);
        double lead = 100 * (pointer.hulls.exact() - attention.hulls.exact());
        boolean ordered = pointer.tokens > attention.tokens && attention.tokens > lstm.tokens
                && pointer.hulls.exact() > attention.hulls.exact() && attention.hulls.exact() >= lstm.hulls.exact()
                && (budget == Budget.QUICK || lead >= LEAD);
        boolean covers = pointer.hulls.coverage() >= sizes.area;
        double least = pointer.longer.values().stream().mapToDouble(HullScore::coverage).min().orElseThrow();
        boolean longer = least >= LONGER_AREA;
        int cities = sizes.cities[0];
        TourScore tour = tours.get(cities);
        boolean shortTours = tour.ours() <= tour.shortest() * (1 + TOUR)
                && (budget == Budget.QUICK || tour.ours() < tour.nearest());
        int corners = sizes.triangulated[0];
        int held = (ordered ? 1 : 0) + (covers ? 1 : 0) + (longer ? 1 : 0) + (shortTours ? 1 : 0);
        return report.verdict(held == 4 ? Verdict.Outcome.REPRODUCED : held == 0 ? Verdict.Outcome.NOT_REPRODUCED
                : Verdict.Outcome.PARTLY,
                String.format(Locale.ROOT, "exact hulls %.1f%% against %.1f%% of the LSTM with attention and"
                + " %.1f%% of the LSTM, tokens %.1f%%, %.1f%%, %.1f%% (in this order: %s); area %.1f%% (%.0f%% needed:"
                + " %s); at least"
                + " %.1f%% of the area on up to %d points, beyond training (%.0f%% needed: %s); tours of %d cities"
                + " %.3f long, the"
                + " shortest %.3f, nearest neighbour %.3f (within %.0f%%: %s); triangulations of %d points: %.1f%%"
                + " exact, %.1f%%"
                + " of the triangles", 100 * pointer.hulls.exact(), 100 * attention.hulls.exact(),
                100 * lstm.hulls.exact(), 100 * pointer.tokens, 100 * attention.tokens, 100 * lstm.tokens, yes(ordered),
                100 * pointer.hulls.coverage(), 100 * sizes.area, yes(covers), 100 * least,
                sizes.longer[sizes.longer.length - 1], 100 * LONGER_AREA, yes(longer), cities, tour.ours(),
                tour.shortest(), tour.nearest(), 100 * TOUR, yes(shortTours), corners,
                100 * triangles.get(corners).exact(), 100 * triangles.get(corners).coverage()));
    }

    private static String yes(boolean held) {
        return held ? "yes" : "no";
    }

    private static Table hullTable(Map<String, Arm> arms, Sizes sizes) {
        List<List<Object>> rows = new ArrayList<>();
        Map<String, List<Object>> paper = Map.of(LSTM, List.of(1.9, "FAIL"), ATTENTION, List.of(38.9, "99.7%"), POINTER,
                List.of(72.6, "99.9%"));
        arms.forEach((name, arm) -> rows.add(List.of(name, 100 * arm.tokens, 100 * arm.hulls.exact(),
                100 * arm.hulls.coverage(),
                100 * arm.hulls.notSimple(), arm.hulls.verdict(), paper.get(name).get(0), paper.get(name).get(1),
                arm.seconds)));
        return new Table("Convex hulls of " + sizes.least + " to " + sizes.most + " points",
                List.of("model", "tokens right %",
                "exact hulls %", "area %", "not simple %", "area as the paper says it", "paper, 50 points: exact %",
                "paper: area",
                "training seconds"), rows);
    }

    private static Table longerTable(Arm pointer) {
        List<List<Object>> rows = new ArrayList<>();
        pointer.longer.forEach((n, score) -> rows.add(List.of(n, 100 * score.exact(), 100 * score.coverage(),
                100 * score.notSimple())));
        return new Table("The pointer network on more points than it was trained on",
                List.of("points", "exact hulls %", "area %",
                "not simple %"), rows);
    }

    private static Table triangleTable(Map<Integer, TriangleScore> triangles) {
        Map<Integer, List<Object>> paper = Map.of(5, List.of(80.7, 93.0), 10, List.of(22.6, 81.3));
        List<List<Object>> rows = new ArrayList<>();
        triangles.forEach((n, score) -> rows.add(List.of(n, 100 * score.exact(), 100 * score.coverage(),
                paper.get(n).get(0), paper.get(n).get(1))));
        return new Table("Delaunay triangulations by the pointer network", List.of("points", "exact %",
                "triangles found %", "paper: exact %", "paper: triangles %"), rows);
    }

    private static Table tourTable(Map<Integer, TourScore> tours) {
        Map<Integer, Object> paper = Map.of(5, 2.12);
        List<List<Object>> rows = new ArrayList<>();
        tours.forEach((cities, tour) -> rows.add(Arrays.asList(cities, tour.ours(), tour.shortest(), tour.nearest(),
                paper.get(cities))));
        return new Table("Tours, mean length", List.of("cities", "pointer network", "shortest", "nearest neighbour",
                "paper"), rows);
    }

    private static Plot plot(Arm pointer) {
        double[] points = pointer.longer.keySet().stream().mapToDouble(Integer::doubleValue).toArray();
        return new Plot("Beyond training", "points", "per cent", List.of(
                new Plot.Series("area", points, pointer.longer.values().stream()
                .mapToDouble(score -> 100 * score.coverage()).toArray()),
                new Plot.Series("exact", points, pointer.longer.values().stream()
                .mapToDouble(score -> 100 * score.exact()).toArray())));
    }
}
