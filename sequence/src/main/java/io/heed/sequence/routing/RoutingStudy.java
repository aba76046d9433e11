package io.heed.sequence.routing;

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
 * Recall and text with local heads alone, with routed heads beside them, with groups at random, and with full
 * attention; and how the layer's time grows with the length.
 */
final class RoutingStudy implements Study {
    private static final String LOCAL = "local";
    private static final String ROUTED = "local and routed";
    private static final String RANDOM = "local and random groups";
    private static final String FULL = "full attention";
    private static final Map<String, String> ARMS = arms();
    /** Points of accuracy that routing must add to local attention. */
    private static final double GAIN = 0.10;
    /** Bits per character by which routing may be behind local attention on text. */
    private static final double LEVEL = 0.01;
    /** Largest exponent of the time over the length. */
    private static final double EXPONENT = 1.7;

    private static Map<String, String> arms() {
        Map<String, String> arms = new LinkedHashMap<>();
        arms.put(LOCAL, "routing-transformer:routed-heads=0,block=8");
        arms.put(ROUTED, "routing-transformer:clusters=8,window=16,block=8,decay=0.99");
        arms.put(RANDOM, "routing-transformer:clusters=8,window=16,block=8,membership=random");
        arms.put(FULL, "softmax");
        return arms;
    }

    @Override
    public List<Claim> claims() {
        return RoutingSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        boolean quick = budget == Budget.QUICK;
        Report.Builder report = Report.of("routing-transformer", budget).claims(claims());
        Map<String, Double> recall = new LinkedHashMap<>();
        RecallTrial trial = new RecallTrial(new Mqar(128, 64, 8, 0.01, false, 0, 3000, 123), 64, 4, 32,
                quick ? 250 : 3000, quick ? List.of(3e-3) : List.of(1e-3, 3e-3), 0);
        ARMS.forEach((name, mixer) -> {
            progress.update(0.5 * recall.size() / ARMS.size(), "recall, " + name);
            recall.put(name, trial.run(mixer).accuracy());
        });
        Map<String, Double> text = new LinkedHashMap<>();
        TextCorpus glosses = WordNet.glosses();
        TextTask task = new TextTask(new TextData(glosses, CharacterVocabulary.of(glosses.train()), 128), 8, quick ? 48
                : 256);
        ARMS.forEach((name, mixer) -> {
            progress.update(0.5 + 0.4 * text.size() / ARMS.size(), "text, " + name);
            text.put(name, onText(mixer, task, quick ? 150 : 2000));
        });
        List<List<Object>> rows = new ArrayList<>();
        ARMS.keySet().forEach(name -> rows.add(List.of(name, recall.get(name), text.get(name))));
        report.table(new Table("Recall from 64 positions, and characters of WordNet's glosses",
                List.of("heads", "recall", "bits per character"), rows));
        progress.update(0.9, "time over the length");
        LengthScaling times = LengthScaling.measure(Map.of(ROUTED, "routing-transformer:membership=sequence", FULL,
                "softmax"),
                quick ? 3 : 9, 256, 1024, 4096);
        report.table(times.table()).plot(times.plot());
        report.note("Groups are chosen from the tokens so far, so that no arm sees later tokens; the times are of the"
                + " published"
                + " rule, with C = sqrt(N). Wikitext-103 (15.8 perplexity) is beyond this budget.");
        report.note("Recall: two layers, the first a short convolution; a local block of 8 with 8 keys before it.");
        return verdict(report, recall, text, times);
    }

    private static Report verdict(Report.Builder report, Map<String, Double> recall, Map<String, Double> text,
                                  LengthScaling times) {
        double gain = recall.get(ROUTED) - recall.get(LOCAL);
        double overRandom = recall.get(ROUTED) - recall.get(RANDOM);
        double bits = text.get(ROUTED) - text.get(LOCAL);
        double routed = times.exponent(ROUTED);
        double full = times.exponent(FULL);
        boolean[] held = {gain >= GAIN, overRandom > 0, bits <= LEVEL, routed < EXPONENT && routed < full};
        int count = 0;
        for (boolean one : held) {
            count += one ? 1 : 0;
        }
        String reason = String.format(Locale.ROOT, "routed heads add %+.3f to the recall of local ones (%.2f wanted)"
                + " and have"
                + " %+.3f over groups at random; on text %+.3f bits a character (at most %.2f); time grows as N^%.2f"
                + " (below %.1f"
                + " wanted), full attention's as N^%.2f", gain, GAIN, overRandom, bits, LEVEL, routed, EXPONENT, full);
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
