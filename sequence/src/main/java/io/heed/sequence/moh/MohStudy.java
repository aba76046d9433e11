package io.heed.sequence.moh;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.catalog.Budget;
import io.heed.catalog.Claim;
import io.heed.catalog.Progress;
import io.heed.catalog.Report;
import io.heed.catalog.Study;
import io.heed.catalog.StudyPart;
import io.heed.catalog.Table;
import io.heed.catalog.Verdict;
import io.heed.data.CharacterVocabulary;
import io.heed.data.Split;
import io.heed.data.TextCorpus;
import io.heed.data.TextData;
import io.heed.data.WordNet;
import io.heed.nn.Form;
import io.heed.sequence.BackboneConfig;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.LanguageModelConfig;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerSpec;
import io.heed.sequence.StudyTraining;
import io.heed.sequence.TextTask;
import io.heed.tensor.Seeds;
import io.heed.tensor.Weights;

/** Language models with all heads, fewer heads, and mixtures of heads; and a trained one that goes on with fewer. */
final class MohStudy implements Study {
    private static final int HEADS = 8;
    private static final int BATCH = 16;
    private static final double RATE = 2e-3;
    /** Bits per character that 75% of the heads may lose. */
    private static final double LEVEL = 0.01;
    private static final double RECOVERED = 0.95;

    private static final String ALL = "all 8 heads";
    private static final String SIX = "6 heads";
    private static final String THREE_QUARTERS = "MoH, 2 shared + 4 of 6";
    private static final String UNBALANCED = "MoH, 2 shared + 4 of 6, no balance loss";
    private static final String TUNED = "moh:router=query-norm,shared=4,routed=2";
    /** Sizes of one budget. */
    private record Sizes(int width, int layers, int length, int steps, int seeds, int windows, int timed) {
        static Sizes of(Budget budget) {
            return budget == Budget.QUICK ? new Sizes(64, 2, 96, 240, 1, 96, 1024) : new Sizes(128, 3, 128, 2500, 3,
                    256, 4096);
        }
    }

    /** Means over seeds. */
    private record Arm(double loss, double entropy, double seconds) { }

    private static Map<String, String> arms(Budget budget) {
        Map<String, String> arms = new LinkedHashMap<>();
        arms.put(ALL, "softmax");
        arms.put(SIX, "moh:router=none,heads=6");
        arms.put(THREE_QUARTERS, "moh:shared=2,routed=4");
        arms.put("MoH, 2 shared + 2 of 6", "moh:shared=2,routed=2");
        arms.put(UNBALANCED, "moh:shared=2,routed=4,balance=0");
        if (budget == Budget.FULL) {
            arms.put("MoH, 6 of 8, none shared", "moh:shared=0,routed=6");
        }
        return arms;
    }

    @Override
    public List<Claim> claims() {
        return MohSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        Report.Builder report = Report.of("moh", budget).claims(claims());
        Sizes sizes = Sizes.of(budget);
        TextCorpus glosses = WordNet.glosses();
        TextTask task = new TextTask(new TextData(glosses, CharacterVocabulary.of(glosses.train()), sizes.length),
                BATCH,
                sizes.windows);
        Map<String, Arm> arms = new LinkedHashMap<>();
        double[] tuning = new double[3];
        Map<String, String> mixers = arms(budget);
        for (Map.Entry<String, String> arm : mixers.entrySet()) {
            progress.update(0.6 * arms.size() / mixers.size(), arm.getKey());
            arms.put(arm.getKey(), train(arm.getValue(), task, sizes, arm.getKey().equals(ALL) ? tuning : null));
        }
        progress.update(0.6, "time");
        report.table(armTable(arms)).table(tuningTable(tuning)).table(timeTable(sizes));
        report.note("Text: characters of WordNet's glosses, N = " + sizes.length + ", D = " + sizes.width + ", "
                + sizes.layers
                + " layers, " + sizes.steps + " steps of " + BATCH + " windows, " + sizes.seeds
                + " seed(s). The paper's models"
                + " are of images, diffusion and language; diffusion is not tested here.");
        report.note("Entropy: of the shares of tokens that the routed heads get, over its largest value, mean over"
                + " layers;"
                + " 1 is even use.");
        Optional<StudyPart.Finding> images = StudyPart.of("moh").map(part -> part.run(budget,
                (done, what) -> progress.update(0.65 + 0.35 * done, what), report));
        return verdict(report, arms, tuning, images);
    }

    private static Report verdict(Report.Builder report, Map<String, Arm> arms, double[] tuning,
                                  Optional<StudyPart.Finding> images) {
        double all = bits(arms.get(ALL).loss);
        double six = bits(arms.get(SIX).loss);
        Arm moh = arms.get(THREE_QUARTERS);
        double mixture = bits(moh.loss);
        boolean level = mixture <= all + LEVEL;
        boolean ahead = mixture < six;
        boolean even = moh.entropy > arms.get(UNBALANCED).entropy;
        double recovery = tuning[0] / tuning[2];
        boolean recovered = recovery >= RECOVERED;
        boolean seen = images.map(StudyPart.Finding::held).orElse(true);
        int held = (level ? 1 : 0) + (ahead ? 1 : 0) + (recovered ? 1 : 0);
        String reason = String.format(Locale.ROOT,
                "with 75%% of the heads %.3f bits per character against %.3f with all (at most"
                + " +%.2f wanted) and %.3f with 6 heads; head use has entropy %.3f with the balance loss and %.3f"
                + " without (%s);"
                + " a trained model that goes on with 75%% of its heads keeps %.1f%% of its quality after a tenth of"
                + " the steps"
                + " (at least %.0f%% wanted)", mixture, all, LEVEL, six, moh.entropy, arms.get(UNBALANCED).entropy,
                even ? "more even, as claimed" : "not more even", 100 * recovery, 100 * RECOVERED);
        String whole = reason + images.map(found -> "; " + found.reason()).orElse("; images are not tested, as the"
                + " vision module is not there");
        return report.verdict(level && ahead && recovered && seen ? Verdict.Outcome.REPRODUCED : held > 0
                ? Verdict.Outcome.PARTLY
                : Verdict.Outcome.NOT_REPRODUCED, whole);
    }

    /** @param tuning where given, takes the loss of the trained model, of it with fewer heads, and of that tuned */
    private static Arm train(String mixer, TextTask task, Sizes sizes, double[] tuning) {
        double loss = 0;
        double entropy = 0;
        double seconds = 0;
        for (int seed = 0; seed < sizes.seeds; seed++) {
            try (PointerScope _ = new PointerScope()) {
                LanguageModel model = model(mixer, task.data().vocabularySize(), sizes, seed);
                long begin = System.nanoTime();
                double reached = StudyTraining.train(model, task, StudyTraining.config(sizes.steps, RATE, seed)).loss();
                seconds += (System.nanoTime() - begin) / 1e9 / sizes.seeds;
                loss += reached / sizes.seeds;
                entropy += entropy(model, task) / sizes.seeds;
                if (tuning != null) {
                    LanguageModel fewer = model(TUNED, task.data().vocabularySize(), sizes, seed);
                    Weights.load(fewer, Weights.of(model));
                    tuning[0] += reached / sizes.seeds;
                    tuning[1] += StudyTraining.evaluate(fewer, task).loss() / sizes.seeds;
                    fewer.train(true);
                    tuning[2] += StudyTraining.train(fewer, task, StudyTraining.config(sizes.steps / 10, RATE / 4,
                            seed + 50))
                            .loss() / sizes.seeds;
                }
            }
        }
        return new Arm(loss, entropy, seconds);
    }

    /** Entropy of the use of routed heads over its largest value, mean over layers; NaN where nothing is routed. */
    private static double entropy(LanguageModel model, TextTask task) {
        model.eval();
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            HeadUse use = new HeadUse();
            model.forward(task.data().window(Split.VALIDATION, 0, BATCH).tokens(), MixerContext.plain()
                    .withObserver(use));
            return use.entropy();
        }
    }

    private static LanguageModel model(String mixer, int vocabulary, Sizes sizes, int seed) {
        Seeds.seedTorch(seed, "weights", 0);
        return new LanguageModel(new LanguageModelConfig(vocabulary, true, new BackboneConfig(sizes.width, sizes.layers,
                HEADS,
                HEADS, sizes.length, 4L * sizes.width, BackboneConfig.NormKind.LAYER_NORM, BackboneConfig.MlpKind.GELU,
                0,
                true, List.of(MixerSpec.parse(mixer)))));
    }

    /** One forward pass of a layer, 8 heads of 64. */
    private static Table timeTable(Sizes sizes) {
        List<List<Object>> rows = new ArrayList<>();
        MixerConfig config = MixerConfig.of(512, HEADS).withLength(sizes.timed);
        double all = 0;
        for (Map.Entry<String, Map<String, String>> arm : List.of(
                Map.entry(ALL, Map.of("router", "none")),
                Map.entry("75% of the heads", Map.of("shared", "2", "routed", "4")),
                Map.entry("50% of the heads", Map.of("shared", "2", "routed", "2")))) {
            try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
                Seeds.seedTorch(0, "weights", 0);
                var mixer = MohSystem.MIXER.build(config.withOptions(arm.getValue()));
                mixer.eval();
                Tensor x = torch.randn(1, sizes.timed, 512);
                double best = Double.POSITIVE_INFINITY;
                for (int run = 0; run < 8; run++) {
                    try (PointerScope _ = new PointerScope()) {
                        long begin = System.nanoTime();
                        mixer.forward(x, MixerContext.of(Form.AUTO));
                        best = Math.min(best, (System.nanoTime() - begin) / 1e6);
                    }
                }
                all = all == 0 ? best : all;
                rows.add(List.of(arm.getKey(), best, best / all));
            }
        }
        return new Table("Forward pass of one layer, N = " + sizes.timed + ", 8 heads of 64, projections included",
                List.of("arm", "milliseconds", "over all heads"), rows);
    }

    private static Table armTable(Map<String, Arm> arms) {
        List<List<Object>> rows = new ArrayList<>();
        arms.forEach((name, arm) -> rows.add(Arrays.asList(name, bits(arm.loss), arm.loss,
                Double.isNaN(arm.entropy) ? null : arm.entropy, arm.seconds)));
        return new Table("From scratch (paper: 50% to 90% of the heads match or beat all)",
                List.of("arm", "bits per character", "loss, nats", "entropy of head use", "training seconds"), rows);
    }

    private static Table tuningTable(double[] tuning) {
        return new Table("A trained model that goes on with 4 shared heads and 2 of 4 (paper: more than 95% recovered)",
                List.of("model", "loss, nats", "quality kept, %"), List.of(
                List.of(ALL, tuning[0], 100.0),
                List.of("with fewer heads", tuning[1], 100 * tuning[0] / tuning[1]),
                List.of("tuned for a tenth of the steps", tuning[2], 100 * tuning[0] / tuning[2])));
    }

    private static double bits(double nats) {
        return nats / Math.log(2);
    }
}
