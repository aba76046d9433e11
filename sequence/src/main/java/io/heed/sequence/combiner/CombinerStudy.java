package io.heed.sequence.combiner;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;

import io.heed.catalog.Budget;
import io.heed.catalog.Claim;
import io.heed.catalog.Progress;
import io.heed.catalog.Report;
import io.heed.catalog.Study;
import io.heed.catalog.Table;
import io.heed.catalog.Verdict;
import io.heed.data.CharacterVocabulary;
import io.heed.data.Mqar;
import io.heed.data.TextCorpus;
import io.heed.data.TextData;
import io.heed.data.WordNet;
import io.heed.sequence.BackboneConfig;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.LanguageModelConfig;
import io.heed.sequence.LengthScaling;
import io.heed.sequence.MixerSpec;
import io.heed.sequence.RecallTrial;
import io.heed.sequence.StudyTraining;
import io.heed.sequence.TextTask;
import io.heed.tensor.Seeds;

/**
 * Whether groups add to a sparse pattern at equal depth: each layout against its pattern without groups, and full
 * attention.
 */
final class CombinerStudy implements Study {
    private static final String FULL = "full attention";
    private static final String FIXED = "fixed";
    private static final String SEGMENT = "own segment only";
    private static final String LOG = "log-sparse";
    private static final String POWERS = "tokens 2^l before";
    private static final Map<String, String> ARMS = arms();
    /** Bits per character by which a layout may be behind full attention. */
    private static final double LEVEL = 0.05;
    /** Largest exponent of the time over the length. */
    private static final double EXPONENT = 1.6;

    private static Map<String, String> arms() {
        Map<String, String> arms = new LinkedHashMap<>();
        arms.put(SEGMENT, "combiner:layout=fixed,segment=16,summaries=false");
        arms.put(FIXED, "combiner:layout=fixed,segment=16");
        arms.put(POWERS, "combiner:layout=log-sparse,summaries=false");
        arms.put(LOG, "combiner:layout=log-sparse");
        arms.put(FULL, "softmax:positions=none");
        return arms;
    }

    @Override
    public List<Claim> claims() {
        return CombinerSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        boolean quick = budget == Budget.QUICK;
        Report.Builder report = Report.of("combiner", budget).claims(claims());
        RecallTrial trial = new RecallTrial(new Mqar(128, 64, 8, 0.01, false, 0, 3000, 123), 64, 4, 32,
                quick ? 250 : 3000, quick ? List.of(3e-3) : List.of(1e-3, 3e-3), 0);
        TextCorpus glosses = WordNet.glosses();
        TextTask task = new TextTask(new TextData(glosses, CharacterVocabulary.of(glosses.train()), 128), 8, quick ? 48
                : 256);
        Map<String, Double> recall = new LinkedHashMap<>();
        Map<String, Double> text = new LinkedHashMap<>();
        ARMS.forEach((name, mixer) -> {
            progress.update(0.9 * recall.size() / ARMS.size(), name);
            recall.put(name, trial.run(mixer).accuracy());
            text.put(name, onText(mixer, task, quick ? 150 : 2000));
        });
        List<List<Object>> rows = new ArrayList<>();
        ARMS.keySet().forEach(name -> rows.add(List.of(name, recall.get(name), text.get(name))));
        report.table(new Table("Recall from 64 positions, and characters of WordNet's glosses",
                List.of("attention", "recall", "bits per character"), rows));
        progress.update(0.9, "time over the length");
        Map<String, String> timed = new LinkedHashMap<>();
        timed.put(FIXED, "combiner");
        timed.put(LOG, "combiner:layout=log-sparse");
        timed.put("axial mixture", "combiner:layout=axial-mixture");
        timed.put("axial row-major", "combiner:layout=axial-row-major");
        timed.put(FULL, "softmax");
        LengthScaling times = LengthScaling.measure(timed, quick ? 3 : 9, 256, 1024, 4096);
        report.table(times.table()).plot(times.plot());
        report.note("Two layers of width 64 with 4 heads, sinusoidal positions in every arm, segments of 16; in"
                + " recall the first layer"
                + " is a short convolution. The paper's data sets and sizes are beyond this budget.");
        return verdict(report, recall, text, times);
    }

    private static Report verdict(Report.Builder report, Map<String, Double> recall, Map<String, Double> text,
                                  LengthScaling times) {
        double fixedRecall = recall.get(FIXED) - recall.get(SEGMENT);
        double logRecall = recall.get(LOG) - recall.get(POWERS);
        double fixedText = text.get(FIXED) - text.get(SEGMENT);
        double logText = text.get(LOG) - text.get(POWERS);
        double behind = Math.max(text.get(FIXED), text.get(LOG)) - text.get(FULL);
        double slowest = times.seconds().keySet().stream().filter(name -> !name.equals(FULL))
                .mapToDouble(times::exponent).max()
                .orElseThrow();
        boolean[] held = {fixedRecall > 0 && logRecall > 0, fixedText < 0 && logText < 0, behind <= LEVEL, slowest
                < EXPONENT};
        int count = 0;
        for (boolean one : held) {
            count += one ? 1 : 0;
        }
        String reason = String.format(Locale.ROOT, "groups change recall by %+.3f (fixed) and %+.3f (log-sparse),"
                + " bits a character by"
                + " %+.3f and %+.3f; the weaker is %+.3f bits behind full attention (at most %.2f); time grows as"
                + " N^%.2f at most"
                + " (below %.1f wanted), full attention's as N^%.2f", fixedRecall, logRecall, fixedText, logText,
                behind, LEVEL,
                slowest, EXPONENT, times.exponent(FULL));
        return report.verdict(count == held.length ? Verdict.Outcome.REPRODUCED
                : count > 0 ? Verdict.Outcome.PARTLY : Verdict.Outcome.NOT_REPRODUCED, reason);
    }

    private static double onText(String mixer, TextTask task, int steps) {
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(0, "weights", 0);
            BackboneConfig backbone = new BackboneConfig(64, 2, 4, 4, 128, 256, BackboneConfig.NormKind.LAYER_NORM,
                    BackboneConfig.MlpKind.GELU, 0, true, List.of(MixerSpec.parse(mixer)));
            return StudyTraining.train(new LanguageModel(
                    new LanguageModelConfig(task.data().vocabularySize(), true, backbone)),
                    task, StudyTraining.config(steps, 3e-3, 0)).value();
        }
    }
}
