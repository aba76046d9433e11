package io.heed.sequence.randomfeature;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.Budget;
import io.heed.catalog.Claim;
import io.heed.catalog.Plot;
import io.heed.catalog.Progress;
import io.heed.catalog.Report;
import io.heed.catalog.Study;
import io.heed.catalog.Table;
import io.heed.catalog.Verdict;
import io.heed.sequence.StudyTraining;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

/**
 * Test error over the number of samples: random-feature attention, biased, with softmax scores, and a random-feature
 * network of as many trained numbers; on targets of rising degree and on correlations that turn away from the bias.
 */
final class RandomFeatureStudy implements Study {
    private static final double[] LAMBDAS = {1e-6, 1e-5, 1e-4, 1e-3, 1e-2};
    private static final List<Target> POWERS = List.of(Target.keyPower(1), Target.keyPower(2), Target.keyPower(3),
            Target.keyPower(4));
    private static final List<Target> PRODUCTS = List.of(Target.product(1, 1), Target.product(2, 1),
            Target.product(1, 2));
    private static final List<Target> ROTATED = List.of(Target.rotated(0), Target.rotated(Math.PI / 4),
            Target.rotated(Math.PI / 2));
    private static final int LEAST_SAMPLES = 256;

    /** What is compared. */
    enum Arm {
        RFA("RFA"), BIASED("biased RFA"), SOFTMAX("softmax RFA"), NETWORK("random network");

        final String title;

        Arm(String title) {
            this.title = title;
        }

        /** Rows of features of all samples. */
        Tensor rows(Sizes sizes, Tensor x) {
            return switch (this) {
                case RFA -> features(sizes, 0, Score.RELU).rows(x);
                case BIASED -> features(sizes, 1, Score.RELU).rows(x);
                case SOFTMAX -> features(sizes, 0, Score.SOFTMAX).rows(x);
                case NETWORK -> new RandomNetwork((long) sizes.heads * (sizes.width + 1), sizes.keys, sizes.width)
                        .rows(x);
            };
        }

        private static RandomFeatures features(Sizes sizes, double bias, Score score) {
            return new RandomFeatures(sizes.heads, sizes.width, RandomFeatures.DEVIATION, bias, score);
        }
    }

    private record Sizes(int width, int keys, int heads, int[] samples, int seeds, int validation, int test) {
        static Sizes of(Budget budget) {
            return budget == Budget.QUICK ? new Sizes(8, 8, 128, new int[] {128, 256, 512, 1024}, 2, 400, 1000)
                    : new Sizes(16, 16, 1000, new int[] {256, 512, 1024, 2048, 4096}, 5, 1000, 2000);
        }

        int most() {
            return samples[samples.length - 1];
        }
    }

    /** Errors by [samples][target][seed]. */
    private record Errors(double[][][] values) {
        double mean(int samples, int target) {
            return Arrays.stream(values[samples][target]).average().orElseThrow();
        }

        /** Half the distance between the best and the worst seed. */
        double spread(int samples, int target) {
            double[] of = values[samples][target];
            return (Arrays.stream(of).max().orElseThrow() - Arrays.stream(of).min().orElseThrow()) / 2;
        }
    }

    @Override
    public List<Claim> claims() {
        return RandomFeatureSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        Sizes sizes = Sizes.of(budget);
        Report.Builder report = Report.of("random-feature-attention", budget).claims(claims());
        List<Target> targets = new ArrayList<>(POWERS);
        targets.addAll(PRODUCTS);
        targets.addAll(ROTATED);
        Map<Arm, Errors> errors = new EnumMap<>(Arm.class);
        for (Arm arm : Arm.values()) {
            errors.put(arm, new Errors(new double[sizes.samples.length][targets.size()][sizes.seeds]));
        }
        for (int seed = 0; seed < sizes.seeds; seed++) {
            for (Arm arm : Arm.values()) {
                progress.update(0.9 * (seed * Arm.values().length + arm.ordinal()) / (
                        sizes.seeds * Arm.values().length),
                        arm.title + ", seed " + seed);
                measure(arm, sizes, targets, seed, errors.get(arm));
            }
        }
        for (Target target : targets) {
            report.table(table(target, targets.indexOf(target), sizes, errors));
        }
        report.plot(plot("key power 2", targets.indexOf(Target.keyPower(2)), sizes, errors));
        report.plot(plot(ROTATED.getFirst().title(), targets.indexOf(ROTATED.getFirst()), sizes, errors));
        report.plot(rotationPlot(sizes, targets, errors));
        progress.update(0.9, "by gradients");
        report.table(gradientTable(sizes, budget));
        report.note("Tokens uniform on the unit sphere of " + sizes.width + " dimensions, " + sizes.keys + " keys, "
                + sizes.heads
                + " heads, " + sizes.heads * (sizes.width + 1) + " trained numbers in every arm, lambda from "
                + Arrays.toString(LAMBDAS) + " by " + sizes.validation + " samples kept apart, " + sizes.seeds
                + " seeds; errors"
                + " on " + sizes.test + " samples over the target's variance, +- half the range over seeds.");
        return verdict(report, sizes, targets, errors);
    }

    private static void measure(Arm arm, Sizes sizes, List<Target> targets, int seed, Errors errors) {
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(seed, "samples", 0);
            long all = sizes.most() + sizes.validation + sizes.test;
            Tensor x = Target.samples(all, sizes.keys, sizes.width);
            Tensor y = Ops.stack(1, targets.stream().map(target -> target.values(x)).toArray(Tensor[]::new));
            Seeds.seedTorch(seed, "weights", 0);
            Tensor rows = arm.rows(sizes, x);
            Tensor validation = rows.narrow(0, sizes.most(), sizes.validation);
            Tensor test = rows.narrow(0, sizes.most() + sizes.validation, sizes.test);
            Tensor yValidation = y.narrow(0, sizes.most(), sizes.validation);
            Tensor yTest = y.narrow(0, sizes.most() + sizes.validation, sizes.test);
            for (int i = 0; i < sizes.samples.length; i++) {
                double[] best = new double[targets.size()];
                Arrays.fill(best, Double.POSITIVE_INFINITY);
                Ridge ridge = new Ridge(rows.narrow(0, 0, sizes.samples[i]), y.narrow(0, 0, sizes.samples[i]));
                for (double lambda : LAMBDAS) {
                    try (PointerScope _ = new PointerScope()) {
                        Tensor fitted = ridge.fit(lambda);
                        double[] kept = Ops.doubles(Ridge.error(validation, fitted, yValidation));
                        double[] tested = Ops.doubles(Ridge.error(test, fitted, yTest));
                        for (int t = 0; t < best.length; t++) {
                            if (kept[t] < best[t]) {
                                best[t] = kept[t];
                                errors.values[i][t][seed] = tested[t];
                            }
                        }
                    }
                }
            }
        }
    }

    /**
     * One target at the most samples: what ridge regression finds, and gradients in as many steps as a study affords.
     */
    private static Table gradientTable(Sizes sizes, Budget budget) {
        double lambda = 1e-4;
        int steps = budget == Budget.QUICK ? 400 : 4000;
        List<List<Object>> rows = new ArrayList<>();
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(0, "samples", 1);
            int n = sizes.samples[Math.min(2, sizes.samples.length - 1)];
            Tensor x = Target.samples(n + sizes.test, sizes.keys, sizes.width);
            Tensor y = Target.keyPower(2).values(x);
            Tensor xTest = x.narrow(0, n, sizes.test);
            Tensor yTest = y.narrow(0, n, sizes.test);
            RandomFeatures features = new RandomFeatures(sizes.heads, sizes.width, RandomFeatures.DEVIATION, 0,
                    Score.RELU);
            Tensor train = features.rows(x.narrow(0, 0, n));
            Tensor fitted = new Ridge(train, y.narrow(0, 0, n).unsqueeze(1)).fit(lambda);
            rows.add(List.of("ridge regression", Ridge.error(features.rows(xTest), fitted, yTest.unsqueeze(1))
                    .item_double()));
            RandomFeatureLayer layer = new RandomFeatureLayer(features, Score.RELU);
            rows.add(List.of("gradients, " + steps + " steps",
                    StudyTraining.train(layer, new RegressionTask(x.narrow(0, 0, n),
                    y.narrow(0, 0, n), xTest, yTest, 64, lambda),
                    StudyTraining.config(steps, 1e-2, 0).withWeightDecay(0, false)).loss()));
            return new Table("Key power 2 from " + n + " samples, lambda " + lambda, List.of("fit of V", "test error"),
                    rows);
        }
    }

    private static Report verdict(Report.Builder report, Sizes sizes, List<Target> targets, Map<Arm, Errors> errors) {
        int last = sizes.samples.length - 1;
        Errors plain = errors.get(Arm.RFA);
        Errors biased = errors.get(Arm.BIASED);
        Errors network = errors.get(Arm.NETWORK);
        int cells = 0;
        int ahead = 0;
        int falls = 0;
        for (int t = 0; t < targets.size(); t++) {
            falls += plain.mean(last, t) < plain.mean(0, t) ? 1 : 0;
            for (int i = 0; i < sizes.samples.length; i++) {
                if (sizes.samples[i] >= LEAST_SAMPLES) {
                    cells++;
                    ahead += plain.mean(i, t) < network.mean(i, t) ? 1 : 0;
                }
            }
        }
        double[] advantage = new double[ROTATED.size()];
        for (int r = 0; r < advantage.length; r++) {
            int t = targets.indexOf(ROTATED.get(r));
            advantage[r] = plain.mean(last, t) - biased.mean(last, t);
        }
        int keyPowers = 0;
        boolean rises = true;
        for (int p = 0; p < POWERS.size(); p++) {
            keyPowers += biased.mean(last, p) >= plain.mean(last, p) ? 1 : 0;
            rises &= p == 0 || plain.mean(last, p) > plain.mean(last, p - 1);
        }
        boolean shrinks = advantage[0] > advantage[1] && advantage[1] > advantage[2];
        boolean[] held = {ahead == cells, advantage[0] > 0 && keyPowers == POWERS.size(), shrinks, falls
                == targets.size(), rises};
        int count = 0;
        for (boolean one : held) {
            count += one ? 1 : 0;
        }
        String reason = String.format(Locale.ROOT, "RFA's error is below the random network's in %d of %d cells with"
                + " %d samples or"
                + " more; at %d samples biased RFA is ahead by %.3f, %.3f and %.3f of the variance as the correlation"
                + " turns by 0, 45"
                + " and 90 degrees, and not ahead on %d of %d key powers; the error falls with samples on %d of %d"
                + " targets and"
                + " %s with the key's power", ahead, cells, LEAST_SAMPLES, sizes.most(), advantage[0], advantage[1],
                advantage[2],
                keyPowers, POWERS.size(), falls, targets.size(), rises ? "rises" : "does not always rise");
        return report.verdict(count == held.length ? Verdict.Outcome.REPRODUCED
                : count > 0 ? Verdict.Outcome.PARTLY : Verdict.Outcome.NOT_REPRODUCED, reason);
    }

    private static Table table(Target target, int index, Sizes sizes, Map<Arm, Errors> errors) {
        List<String> columns = new ArrayList<>(List.of("samples"));
        errors.keySet().forEach(arm -> columns.addAll(List.of(arm.title, "+-")));
        List<List<Object>> rows = new ArrayList<>();
        for (int i = 0; i < sizes.samples.length; i++) {
            List<Object> row = new ArrayList<>(List.of(sizes.samples[i]));
            for (Errors of : errors.values()) {
                row.addAll(List.of(of.mean(i, index), of.spread(i, index)));
            }
            rows.add(row);
        }
        return new Table("Error over variance: " + target.title(), columns, rows);
    }

    private static Plot plot(String title, int target, Sizes sizes, Map<Arm, Errors> errors) {
        double[] samples = Arrays.stream(sizes.samples).asDoubleStream().toArray();
        List<Plot.Series> series = new ArrayList<>();
        errors.forEach((arm, of) -> {
            double[] means = new double[samples.length];
            Arrays.setAll(means, i -> of.mean(i, target));
            series.add(new Plot.Series(arm.title, samples, means));
        });
        return new Plot("Test error: " + title, "samples", "error over variance", series);
    }

    private static Plot rotationPlot(Sizes sizes, List<Target> targets, Map<Arm, Errors> errors) {
        double[] angles = ROTATED.stream().mapToDouble(target -> Math.toDegrees(target.gamma())).toArray();
        List<Plot.Series> series = new ArrayList<>();
        for (Arm arm : List.of(Arm.RFA, Arm.BIASED)) {
            double[] means = new double[angles.length];
            Arrays.setAll(means, r -> errors.get(arm).mean(sizes.samples.length - 1, targets.indexOf(ROTATED.get(r))));
            series.add(new Plot.Series(arm.title, angles, means));
        }
        return new Plot("Correlation turned away from the bias", "degrees", "error over variance", series);
    }
}
