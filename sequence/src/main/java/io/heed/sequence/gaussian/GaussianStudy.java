package io.heed.sequence.gaussian;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

import io.heed.catalog.Budget;
import io.heed.catalog.Claim;
import io.heed.catalog.Progress;
import io.heed.catalog.Report;
import io.heed.catalog.Study;
import io.heed.catalog.Table;
import io.heed.catalog.Verdict;
import io.heed.sequence.StudyTraining;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

/**
 * Gaussian gates over the layers of a frozen text encoder against self-attention over them and simpler baselines; both
 * formulas on series with drifting means and scales; and whether the layers of high Importance Factor are those that
 * matter.
 */
final class GaussianStudy implements Study {
    private static final int CHANNELS = 32;
    private static final double RATE = 2e-3;
    /** Accuracy by which a learned number a layer must stay behind for the gates to be worth their name. */
    private static final double SIMPLE = 0.01;

    private record Sizes(int encoderSteps, int train, int test, int steps, int series, int seeds) {
        static Sizes of(Budget budget) {
            return budget == Budget.QUICK ? new Sizes(800, 1600, 1600, 300, 2000, 2)
                    : new Sizes(2000, 8000, 2000, 1000, 8000, 3);
        }
    }

    /** Mean accuracy and the parameters of the attention alone. */
    private record Score(double accuracy, long parameters) { }

    /** Accuracy of the two layers of highest and of lowest Importance Factor. */
    private record Importance(int[] ranking, double[] means, double top, double bottom) { }

    @Override
    public List<Claim> claims() {
        return GaussianSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        Sizes sizes = Sizes.of(budget);
        Report.Builder report = Report.of("gaussian-attention", budget).claims(claims());
        try (PointerScope _ = new PointerScope()) {
            progress.update(0, "the encoder");
            GlossEncoder.Examples known = GlossEncoder.examples(0, 4 * sizes.train, sizes.test);
            Seeds.seedTorch(0, "encoder", 0);
            GlossEncoder encoder = new GlossEncoder(known.classes());
            double encoderAccuracy = StudyTraining.train(encoder, new LabelledTask<>(known.tokens(), known.labels(),
                    known.trained(), 32, GlossEncoder::forward), StudyTraining.config(sizes.encoderSteps, 1e-3, 0))
                    .value();
            encoder.eval();
            progress.update(0.5, "features of other classes");
            GlossEncoder.Examples other = GlossEncoder.examples(1, sizes.train, sizes.test);
            Tensor features = normalised(encoder.features(other.tokens()), other.trained());
            Map<LayerArm, Score> layers = new EnumMap<>(LayerArm.class);
            for (LayerArm arm : LayerArm.values()) {
                progress.update(0.55 + 0.2 * arm.ordinal() / LayerArm.values().length, arm.title);
                layers.put(arm, overLayers(arm, features, other, sizes));
            }
            progress.update(0.75, "importance factors");
            Importance importance = importance(features, other, sizes);
            Map<SeriesClassifier.Arm, Score> series = new EnumMap<>(SeriesClassifier.Arm.class);
            for (SeriesClassifier.Arm arm : SeriesClassifier.Arm.values()) {
                progress.update(0.8 + 0.2 * arm.ordinal() / SeriesClassifier.Arm.values().length, arm.title);
                series.put(arm, onSeries(arm, sizes));
            }
            List<List<Object>> rows = new ArrayList<>();
            layers.forEach((arm, score) -> rows.add(List.of(arm.title, score.accuracy, score.parameters)));
            report.table(new Table("Eight noun categories from a frozen encoder's six layers",
                    List.of("before the convolutions", "accuracy", "its parameters"), rows));
            List<List<Object>> seriesRows = new ArrayList<>();
            series.forEach((arm, score) -> seriesRows.add(List.of(arm.title, score.accuracy, score.parameters)));
            report.table(new Table("Series with drifting means and scales, four classes",
                    List.of("before the perceptron", "accuracy", "its parameters"), seriesRows));
            report.table(importanceTable(importance));
            report.note(String.format(Locale.ROOT, "The encoder has six layers of width 64 and names eight other noun"
                    + " categories"
                    + " of WordNet from the first %d words of noun and gloss with accuracy %.2f (%d steps). The paper's"
                    + " encoders are"
                    + " WavLM, Llama 2 and BEiT.", GlossEncoder.LENGTH, encoderAccuracy, sizes.encoderSteps));
            report.note(sizes.steps + " steps on frozen layers and " + 2 * sizes.steps
                    + " on series, of 64 examples at " + RATE + ", " + sizes.seeds
                    + " seed(s).");
            return verdict(report, layers, series, importance);
        }
    }

    private static Report verdict(Report.Builder report, Map<LayerArm, Score> layers,
                                  Map<SeriesClassifier.Arm, Score> series, Importance importance) {
        Score gates = better(layers.get(LayerArm.DENSITY),
                better(layers.get(LayerArm.GATES_1), layers.get(LayerArm.GATES_3)));
        Score attention = layers.get(LayerArm.ATTENTION);
        Score gaussian = better(series.get(SeriesClassifier.Arm.DENSITY), series.get(SeriesClassifier.Arm.GATE));
        Score overTimes = series.get(SeriesClassifier.Arm.ATTENTION);
        double scalars = layers.get(LayerArm.SCALARS).accuracy;
        double gain = importance.top - importance.bottom;
        boolean[] held = {gates.accuracy >= attention.accuracy && gates.parameters < attention.parameters,
            gaussian.accuracy >= overTimes.accuracy && gaussian.parameters < overTimes.parameters, gain > 0};
        int count = 0;
        for (boolean one : held) {
            count += one ? 1 : 0;
        }
        boolean weak = scalars >= gates.accuracy - SIMPLE;
        String reason = String.format(Locale.ROOT, "accuracy from frozen layers %.3f against self-attention's %.3f"
                + " (the paper"
                + " claims up to 20%% more; %d against %d parameters); a learned number a layer has %.3f%s; on"
                + " drifting series %.3f"
                + " against %.3f; the two layers of highest importance give %+.3f over the two of lowest",
                gates.accuracy,
                attention.accuracy, gates.parameters, attention.parameters, scalars,
                weak ? ", so the gates do not explain it" : "", gaussian.accuracy, overTimes.accuracy, gain);
        return report.verdict(count == held.length && !weak ? Verdict.Outcome.REPRODUCED
                : count > 0 ? Verdict.Outcome.PARTLY : Verdict.Outcome.NOT_REPRODUCED, reason);
    }

    private static Score better(Score a, Score b) {
        return a.accuracy >= b.accuracy ? a : b;
    }

    /** Every layer and feature brought to mean 0 and deviation 1 by the examples for training. */
    private static Tensor normalised(Tensor features, long trained) {
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor train = features.narrow(0, 0, trained);
            Tensor mean = train.mean(new long[] {0}, true, new ScalarTypeOptional());
            return features.sub(mean).div(Ops.shift(train.var(new long[] {0}, true, true).sqrt(), 1e-5));
        }
    }

    private static Score overLayers(LayerArm arm, Tensor features, GlossEncoder.Examples examples, Sizes sizes) {
        double sum = 0;
        long parameters = 0;
        for (int seed = 0; seed < sizes.seeds; seed++) {
            try (PointerScope _ = new PointerScope()) {
                LayerArm.Built built = train(arm, features, examples, sizes, seed);
                sum += accuracy(built, features, examples);
                parameters = built.attentionParameters();
            }
        }
        return new Score(sum / sizes.seeds, parameters);
    }

    private static LayerArm.Built train(LayerArm arm, Tensor features, GlossEncoder.Examples examples, Sizes sizes,
            long seed) {
        Seeds.seedTorch(seed, "weights", 0);
        LayerArm.Built built = arm.build((int) features.size(1), GlossEncoder.WIDTH, CHANNELS, examples.classes());
        StudyTraining.train(built.classifier(), task(features, examples),
                StudyTraining.config(sizes.steps, RATE, seed));
        return built;
    }

    private static double accuracy(LayerArm.Built built, Tensor features, GlossEncoder.Examples examples) {
        return StudyTraining.evaluate(built.classifier(), task(features, examples)).value();
    }

    private static LabelledTask<GaussianClassifier> task(Tensor features, GlossEncoder.Examples examples) {
        return new LabelledTask<>(features, examples.labels(), examples.trained(), 64, GaussianClassifier::forward);
    }

    private static Importance importance(Tensor features, GlossEncoder.Examples examples, Sizes sizes) {
        LayerArm.Built gates = train(LayerArm.GATES_1, features, examples, sizes, 0);
        ImportanceFactor factor = new ImportanceFactor(GlossEncoder.LAYERS, GlossEncoder.WIDTH);
        try (NoGradGuard _ = new NoGradGuard()) {
            factor.add(gates.gates().gates(features.narrow(0, examples.trained(), features.size(0)
                    - examples.trained())));
        }
        int[] ranking = factor.ranking();
        double[] means = new double[ranking.length];
        double[][] values = factor.values();
        for (int layer = 0; layer < means.length; layer++) {
            means[layer] = Arrays.stream(values[layer]).average().orElseThrow();
        }
        return new Importance(ranking, means, pair(ranking[0], ranking[1], features, examples, sizes),
                pair(ranking[ranking.length - 1], ranking[ranking.length - 2], features, examples, sizes));
    }

    /** Accuracy from two layers alone, without gates. */
    private static double pair(int a, int b, Tensor features, GlossEncoder.Examples examples, Sizes sizes) {
        Tensor two = features.index_select(1, Ops.of(new long[] {Math.min(a, b), Math.max(a, b)}));
        return overLayers(LayerArm.SCALARS, two, examples, sizes).accuracy;
    }

    private static Score onSeries(SeriesClassifier.Arm arm, Sizes sizes) {
        double sum = 0;
        long parameters = 0;
        for (int seed = 0; seed < sizes.seeds; seed++) {
            try (PointerScope _ = new PointerScope()) {
                Seeds.seedTorch(seed, "weights", 1);
                DriftingSeries.Examples series = DriftingSeries.of(sizes.series * 3 / 2, seed);
                SeriesClassifier model = new SeriesClassifier(arm);
                parameters = model.attentionParameters();
                sum += StudyTraining.train(model, new LabelledTask<>(series.series(), series.labels(), sizes.series, 64,
                        SeriesClassifier::forward), StudyTraining.config(sizes.steps * 2L, RATE, seed)).value();
            }
        }
        return new Score(sum / sizes.seeds, parameters);
    }

    private static Table importanceTable(Importance importance) {
        List<List<Object>> rows = new ArrayList<>();
        for (int layer = 0; layer < importance.means.length; layer++) {
            rows.add(List.of("layer " + (layer + 1), importance.means[layer]));
        }
        rows.add(List.of("accuracy of the two highest, layers " + (importance.ranking[0] + 1) + " and "
                + (importance.ranking[1] + 1), importance.top));
        rows.add(List.of("accuracy of the two lowest", importance.bottom));
        return new Table("Importance Factor, mean over features", List.of("", "value"), rows);
    }

    static long parameters(Module module) {
        try (PointerScope _ = new PointerScope()) {
            TensorVector parameters = module.parameters();
            long sum = 0;
            for (long i = 0; i < parameters.size(); i++) {
                sum += parameters.get(i).numel();
            }
            return sum;
        }
    }
}
