package io.heed.vision.moh;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;

import io.heed.catalog.Budget;
import io.heed.catalog.Progress;
import io.heed.catalog.Report;
import io.heed.catalog.StudyPart;
import io.heed.catalog.Table;
import io.heed.data.DataFolders;
import io.heed.data.Split;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerSpec;
import io.heed.sequence.StudyTraining;
import io.heed.sequence.moh.HeadUse;
import io.heed.tensor.Seeds;
import io.heed.vision.ColumnarConfig;
import io.heed.vision.ImageClassifier;
import io.heed.vision.ImageClassifierConfig;
import io.heed.vision.ImageTask;
import io.heed.vision.Positions;
import io.heed.vision.Regularisation;
import io.heed.vision.data.ImageSets;
import io.heed.vision.data.StoredImages;

/** Vision transformers with all heads, fewer heads, and mixtures of heads, after equal steps. */
public final class MohImages implements StudyPart {
    private static final int PATCH = 4;
    private static final int WIDTH = 64;
    private static final int HEADS = 8;
    private static final double RATE = 2e-3;
    /** Share of images that 75% of the heads may lose. */
    private static final double LEVEL = 0.002;

    private static final String ALL = "all 8 heads";
    private static final String SIX = "6 heads";
    private static final String THREE_QUARTERS = "MoH, 2 shared + 4 of 6";
    private static final String HALF = "MoH, 2 shared + 2 of 6";

    /** Sizes of one budget. */
    private record Sizes(int layers, int steps, int batch, int seeds, int tested) {
        static Sizes of(Budget budget) {
            return budget == Budget.QUICK ? new Sizes(2, 320, 32, 1, 2000) : new Sizes(3, 3000, 64, 3, 10_000);
        }
    }

    /** Means over seeds. */
    private record Arm(double accuracy, double loss, double entropy, double seconds) { }

    private static Map<String, String> arms(Budget budget) {
        Map<String, String> arms = new LinkedHashMap<>();
        arms.put(ALL, "moh:router=none");
        arms.put(SIX, "moh:router=none,heads=6");
        arms.put(THREE_QUARTERS, "moh:shared=2,routed=4");
        arms.put(HALF, "moh:shared=2,routed=2");
        if (budget == Budget.FULL) {
            arms.put("MoH, 2 shared + 4 of 6, no balance loss", "moh:shared=2,routed=4,balance=0");
            arms.put("MoH, 6 of 8, none shared", "moh:shared=0,routed=6");
        }
        return arms;
    }

    @Override
    public String system() {
        return "moh";
    }

    @Override
    public Finding run(Budget budget, Progress progress, Report.Builder report) {
        Sizes sizes = Sizes.of(budget);
        StoredImages data = ImageSets.open("fashion-mnist", DataFolders.of(null));
        Map<String, String> mixers = arms(budget);
        Map<String, Arm> arms = new LinkedHashMap<>();
        mixers.forEach((name, mixer) -> {
            progress.update((double) arms.size() / mixers.size(), "images, " + name);
            arms.put(name, train(mixer, data, sizes));
        });
        report.table(table(arms));
        report.note("Images: " + data.about() + "; patches of 4 x 4, D = " + WIDTH + ", " + sizes.layers
                + " layers of normalised attention with relative places (TransNeXt's, as the paper's), " + sizes.steps
                + " steps of " + sizes.batch + " images, AdamW at " + RATE + ", " + sizes.seeds
                + " seed(s), tested on " + Math.min(sizes.tested, data.size(Split.TEST)) + " images.");
        return finding(arms);
    }

    private static Finding finding(Map<String, Arm> arms) {
        double all = arms.get(ALL).accuracy;
        double six = arms.get(SIX).accuracy;
        double most = arms.get(THREE_QUARTERS).accuracy;
        boolean held = most >= all - LEVEL && most > six;
        return new Finding(held,
                String.format(Locale.ROOT, "on images 75%% of the heads have an accuracy of %.1f%%, 50%%"
                + " %.1f%%, all %.1f%% (at most %.1f points behind wanted), 6 heads %.1f%% (behind wanted): %s",
                100 * most, 100 * arms.get(HALF).accuracy, 100 * all, 100 * LEVEL, 100 * six, held ? "yes" : "no"));
    }

    private static Arm train(String mixer, StoredImages data, Sizes sizes) {
        double accuracy = 0;
        double loss = 0;
        double entropy = 0;
        double seconds = 0;
        ImageTask task = new ImageTask(data, sizes.batch);
        for (int seed = 0; seed < sizes.seeds; seed++) {
            try (PointerScope _ = new PointerScope()) {
                Seeds.seedTorch(seed, "weights", 0);
                ImageClassifier model =
                        new ImageClassifier(new ImageClassifierConfig(new ColumnarConfig(data.channels(),
                        data.height(), data.width(), PATCH, WIDTH, sizes.layers, HEADS, 4, Positions.NONE,
                        ColumnarConfig.Readout.MEAN, Regularisation.NONE, List.of(MixerSpec.parse(mixer))),
                        data.classes().size()));
                long begin = System.nanoTime();
                StudyTraining.train(model, task, StudyTraining.config(sizes.steps, RATE, seed));
                seconds += (System.nanoTime() - begin) / 1e9 / sizes.seeds;
                model.eval();
                try (NoGradGuard _ = new NoGradGuard()) {
                    var tested = task.evaluate(model, Split.TEST, sizes.tested);
                    accuracy += tested.value() / sizes.seeds;
                    loss += tested.loss() / sizes.seeds;
                    HeadUse use = new HeadUse();
                    model.forward(data.range(Split.TEST, 0, 64).images(), MixerContext.plain().withObserver(use));
                    entropy += use.entropy() / sizes.seeds;
                }
            }
        }
        return new Arm(accuracy, loss, entropy, seconds);
    }

    private static Table table(Map<String, Arm> arms) {
        List<List<Object>> rows = new ArrayList<>();
        arms.forEach((name, arm) -> rows.add(Arrays.asList(name, arm.accuracy, arm.loss,
                Double.isNaN(arm.entropy) ? null : arm.entropy, arm.seconds)));
        return new Table("Images (paper, ImageNet top-1: 84.9% with 75% of the heads, 84.7% with 50%, 84.8% with all)",
                List.of("arm", "test accuracy", "loss, nats", "entropy of head use", "training seconds"), rows);
    }
}
