package io.heed.vision.convit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.Budget;
import io.heed.catalog.Claim;
import io.heed.catalog.Plot;
import io.heed.catalog.Progress;
import io.heed.catalog.Report;
import io.heed.catalog.Study;
import io.heed.catalog.Table;
import io.heed.catalog.Verdict;
import io.heed.data.DataFolders;
import io.heed.data.Split;
import io.heed.sequence.StudyTraining;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;
import io.heed.vision.ClassificationTask;
import io.heed.vision.data.Augmentation;
import io.heed.vision.data.ImageSets;
import io.heed.vision.data.StoredImages;

/**
 * Sample efficiency: test accuracy of ConViT, of the same model with plain attention everywhere, of ConViT with its
 * gates kept at position, and of ConViT that does not start as a convolution, over the number of training images at
 * equal steps; and what becomes of gates and distances.
 */
final class ConvitStudy implements Study {
    private static final int[] SIZES = {500, 2000, Integer.MAX_VALUE};
    /** Which of the sizes the quick budget trains ablations at. */
    private static final int ABLATED = 1;
    private static final double RATE = 1e-3;
    /** A gate of which nearly nothing but position passes. */
    private static final double SHUT = 12;

    /** The models that are trained. */
    private enum Arm {
        CONVIT("ConViT", false), VIT("the same with plain attention", false), FROZEN("gates kept at position", true),
        RANDOM("positions started like other weights", true);

        private final String text;
        private final boolean isAblation;

        Arm(String text, boolean isAblation) {
            this.text = text;
            this.isAblation = isAblation;
        }
    }

    @Override
    public List<Claim> claims() {
        return ConvitSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        boolean quick = budget == Budget.QUICK;
        Report.Builder report = Report.of("convit", budget).claims(claims());
        StoredImages all = ImageSets.open("fashion-mnist", DataFolders.of(null)).withAugmentation(Augmentation.NONE);
        int seeds = quick ? 1 : 3;
        int steps = quick ? 160 : 800;
        int batch = quick ? 32 : 64;
        double[][] accuracies = new double[Arm.values().length][SIZES.length];
        double[][] gates = new double[0][];
        double[][] distances = new double[0][];
        int runs = (quick ? 2 * SIZES.length + 2 : Arm.values().length * SIZES.length) * seeds;
        int run = 0;
        for (Arm arm : Arm.values()) {
            for (int size = 0; size < SIZES.length; size++) {
                if (quick && arm.isAblation && size != ABLATED) {
                    accuracies[arm.ordinal()][size] = Double.NaN;
                    continue;
                }
                int images = Math.min(SIZES[size], all.size(Split.TRAIN));
                ClassificationTask<Convit> task = new ClassificationTask<>(all.withTraining(images), batch,
                        1000, Convit::forward);
                for (int seed = 0; seed < seeds; seed++) {
                    progress.update((double) run++ / runs, arm.text + ", " + images + " images");
                    try (PointerScope _ = new PointerScope()) {
                        Convit model = build(all, arm, seed);
                        StudyTraining.train(model, task, StudyTraining.config(steps, RATE, seed));
                        accuracies[arm.ordinal()][size] += test(model, task, quick) / seeds;
                        if (arm == Arm.CONVIT && size == SIZES.length - 1 && seed == 0) {
                            gates = gates(model);
                            distances = distances(model, all);
                        }
                    }
                }
            }
        }
        report.table(accuracyTable(all, accuracies)).table(headTable(gates, distances)).plot(plot(all, accuracies));
        report.table(new Table("What the paper found on ImageNet (top-1, %)", List.of("share of the images", "ConViT-S",
                "DeiT-S"), List.of(List.of("5%", 47.8, 34.8), List.of("10%", 59.6, 46.0), List.of("30%", 73.7, 66.1),
                List.of("100%", 81.4, 79.9))));
        report.note(all.about() + "; " + steps + " steps of " + batch + " images, AdamW at " + RATE
                + ", no augmentation, "
                + seeds + (seeds == 1 ? " seed" : " seeds")
                + ", patches of 4, 72 channels, 9 heads, 3 local blocks and 1 plain.");
        return verdict(report, accuracies);
    }

    private static Report verdict(Report.Builder report, double[][] accuracies) {
        double[] lead = new double[SIZES.length];
        for (int size = 0; size < SIZES.length; size++) {
            double plain = accuracies[Arm.VIT.ordinal()][size];
            lead[size] = (accuracies[Arm.CONVIT.ordinal()][size] - plain) / Math.max(plain, 1e-9);
        }
        boolean leads = lead[0] > 0 && lead[1] > 0;
        boolean shrinks = lead[0] > lead[SIZES.length - 1];
        String reason = String.format(Locale.ROOT,
                "relative lead of ConViT over the same vision transformer: %+.1f%% on 500"
                + " images, %+.1f%% on 2,000, %+.1f%% on all (ahead on the two small sets and shrinking wanted)",
                100 * lead[0], 100 * lead[1], 100 * lead[2]);
        return report.verdict(leads && shrinks ? Verdict.Outcome.REPRODUCED
                : leads || shrinks ? Verdict.Outcome.PARTLY : Verdict.Outcome.NOT_REPRODUCED, reason);
    }

    private static Convit build(StoredImages data, Arm arm, int seed) {
        Seeds.seedTorch(seed, "weights", 0);
        ConvitConfig config = new ConvitConfig(data.height(), 4, data.channels(), data.classes().size(), 72, 4, 9, 4,
                false, 3, 1, true, true, 1e-6, 0);
        Convit model = new Convit(switch (arm) {
            case VIT -> config.withLocal(0);
            case RANDOM -> config.withLocalStart(false);
            default -> config;
        });
        if (arm == Arm.FROZEN) {
            model.local().forEach(layer -> layer.freezeGates(SHUT));
        }
        return model;
    }

    private static double test(Convit model, ClassificationTask<Convit> task, boolean quick) {
        model.eval();
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            return task.evaluate(model, Split.TEST, quick ? 1000 : 10_000).value();
        }
    }

    private static double[][] gates(Convit model) {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            return model.local().stream().map(layer -> Ops.doubles(layer.gates())).toArray(double[][]::new);
        }
    }

    private static double[][] distances(Convit model, StoredImages data) {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            Tensor images = data.range(Split.TEST, 0, 64).images();
            return model.meanDistances(images).stream().map(Ops::doubles).toArray(double[][]::new);
        }
    }

    private static Table accuracyTable(StoredImages data, double[][] accuracies) {
        List<List<Object>> rows = new ArrayList<>();
        for (Arm arm : Arm.values()) {
            List<Object> row = new ArrayList<>(List.of(arm.text));
            for (double accuracy : accuracies[arm.ordinal()]) {
                row.add(Double.isNaN(accuracy) ? null : accuracy);
            }
            rows.add(row);
        }
        return new Table("Test accuracy over the number of training images", List.of("model", "500", "2000",
                Integer.toString(data.size(Split.TRAIN))), rows);
    }

    private static Table headTable(double[][] gates, double[][] distances) {
        List<List<Object>> rows = new ArrayList<>();
        for (int layer = 0; layer < gates.length; layer++) {
            rows.add(List.of(layer + 1, mean(gates[layer]), least(gates[layer]), mean(distances[layer]),
                    -least(Arrays.stream(distances[layer]).map(x -> -x).toArray())));
        }
        return new Table("Heads of ConViT after training on all images",
                List.of("block", "mean gate (0.73 at the start)",
                "least gate", "mean distance, tokens", "largest distance"), rows);
    }

    private static Plot plot(StoredImages data, double[][] accuracies) {
        double[] x = {SIZES[0], SIZES[1], data.size(Split.TRAIN)};
        List<Plot.Series> series = new ArrayList<>();
        for (Arm arm : Arm.values()) {
            if (Arrays.stream(accuracies[arm.ordinal()]).noneMatch(Double::isNaN)) {
                series.add(new Plot.Series(arm.text, x, accuracies[arm.ordinal()]));
            }
        }
        return new Plot("Accuracy over training images", "training images", "test accuracy", series);
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }

    private static double least(double[] values) {
        return Arrays.stream(values).min().orElseThrow();
    }
}
