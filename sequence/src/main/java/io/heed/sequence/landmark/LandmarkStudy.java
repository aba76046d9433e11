package io.heed.sequence.landmark;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;

import io.heed.catalog.Budget;
import io.heed.catalog.Claim;
import io.heed.catalog.Plot;
import io.heed.catalog.Progress;
import io.heed.catalog.Report;
import io.heed.catalog.Study;
import io.heed.catalog.Table;
import io.heed.catalog.Verdict;
import io.heed.nn.Initialisation;
import io.heed.sequence.StudyTraining;
import io.heed.tensor.Seeds;

/**
 * A passkey said once, asked for much later: a small model trained with landmarks reads texts up to several times its
 * training length and takes k blocks by their landmarks, or the newest k as a recent-window cache does; and the same
 * model trained without landmarks attends to all.
 */
final class LandmarkStudy implements Study {
    private static final int TRAINED = 240;
    private static final int TOKENS = 15;
    /** Tokens between landmarks where there are to be none. */
    private static final int NEVER = 1 << 20;
    private static final int CHUNK = 64;
    private static final int LONG = 960;
    private static final double TIMES = 3;
    private static final double LEVEL = 0.05;
    private static final double FEW = 0.2;

    /** One way to read, and what it reaches at each length. */
    private record Arm(String name, int taken, Map<Integer, Double> accuracy, Map<Integer, Double> loss) { }

    @Override
    public List<Claim> claims() {
        return LandmarkSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        Report.Builder report = Report.of("landmark-attention", budget).claims(claims());
        boolean quick = budget == Budget.QUICK;
        int steps = quick ? 1000 : 6000;
        int[] lengths = quick ? new int[] {TRAINED, LONG} : new int[] {TRAINED, 2 * TRAINED, LONG, 2 * LONG, 4 * LONG};
        int examples = quick ? 32 : 256;
        try (PointerScope _ = new PointerScope()) {
            progress.update(0, "training with landmarks");
            PasskeyTask task = new PasskeyTask(TRAINED, quick ? 8 : 32, TOKENS, true);
            LandmarkModel model = train(task, TOKENS, steps);
            progress.update(0.4, "training without landmarks");
            PasskeyTask plainTask = new PasskeyTask(TRAINED, quick ? 8 : 32, TOKENS, false);
            LandmarkModel plain = train(plainTask, NEVER, steps);
            List<Arm> arms = new ArrayList<>();
            for (int taken : new int[] {2, 4}) {
                progress.update(0.75 + 0.05 * taken, "reading with " + taken + " blocks");
                arms.add(read("landmarks, k = " + taken, task, model, taken,
                        LandmarkCache.Selection.PER_TOKEN_AND_HEAD, lengths,
                        examples));
                arms.add(read("newest blocks, k = " + taken, task, model, taken, LandmarkCache.Selection.NEWEST,
                        lengths, examples));
            }
            progress.update(0.97, "reading without landmarks");
            arms.add(read("no landmarks, all tokens", plainTask, plain, 1, LandmarkCache.Selection.NEWEST, lengths,
                    examples));
            report.table(table(arms, lengths)).plot(plot(arms));
            return verdict(report, arms);
        }
    }

    private static LandmarkModel train(PasskeyTask task, int tokens, int steps) {
        Seeds.seedTorch(0, "weights", 0);
        LandmarkModel model = new LandmarkModel(LandmarkConfig.of(64, 4, 2, tokens), task.vocabularySize(),
                task.landmark());
        Initialisation.fanIn(model); // with a deviation of 0.02, a model of this width hardly learns in so few steps
        StudyTraining.train(model, task, StudyTraining.config(steps, 3e-3, 0));
        model.eval();
        return model;
    }

    private static Arm read(String name, PasskeyTask task, LandmarkModel model, int taken,
            LandmarkCache.Selection selection,
                            int[] lengths, int examples) {
        LandmarkCache.Config cache = new LandmarkCache.Config(model.config().block(), 1024, taken, selection,
                LandmarkCache.Positions.STINGY);
        Map<Integer, Double> accuracy = new LinkedHashMap<>();
        Map<Integer, Double> loss = new LinkedHashMap<>();
        for (int length : lengths) {
            accuracy.put(length, task.accuracy(model, cache, length, CHUNK, examples));
            loss.put(length, task.loss(model, cache, length, CHUNK, 8));
        }
        return new Arm(name, taken, accuracy, loss);
    }

    private static Report verdict(Report.Builder report, List<Arm> arms) {
        Arm landmarks = arms.get(2);
        Arm newest = arms.get(3);
        double found = landmarks.accuracy.get(LONG);
        double recent = newest.accuracy.get(LONG);
        double behind = (landmarks.loss.get(LONG) - newest.loss.get(LONG)) / Math.log(2);
        // landmarks, chosen blocks, and on average half a block and half a chunk
        double scored = (LONG / (TOKENS + 1.0) + landmarks.taken * (TOKENS + 1) + (TOKENS + 1) / 2.0
                + CHUNK / 2.0) / LONG;
        boolean[] held = {found >= TIMES * recent, behind <= LEVEL, scored < FEW};
        int count = 0;
        for (boolean one : held) {
            count += one ? 1 : 0;
        }
        report.note(String.format(Locale.ROOT,
                "The key is one of %d symbols after a mark within the first 33 of so many"
                + " characters of WordNet's glosses, in which such symbols stand without a mark too, one in %d"
                + " characters; the question is the last token; chance is %.3f. Two layers, width 64, 4 heads, trained"
                + " at"
                + " %d characters, read in chunks of %d. Newest blocks: the same model and cache, the newest k blocks"
                + " instead of the best, as a Transformer-XL keeps them. The paper's models have 12 layers and 240k"
                + " steps.", PasskeyTask.KEYS, PasskeyTask.DECOYS, 1.0 / PasskeyTask.KEYS, TRAINED, CHUNK));
        String reason = String.format(Locale.ROOT,
                "at %d characters, %.0f times the training length, %.3f of the keys found through"
                + " landmarks against %.3f with the newest blocks (%.0f times as many wanted; without landmarks, all"
                + " tokens read,"
                + " %.3f); %.3f bits per character more than with the newest blocks (at most %.2f); %.0f%% of the"
                + " keys scored at the"
                + " last token (below %.0f%%)", LONG, LONG / (double) TRAINED, found, recent, TIMES,
                arms.getLast().accuracy.get(LONG), behind, LEVEL, 100 * scored, 100 * FEW);
        // text and arithmetic alone say nothing of random access
        return report.verdict(count == held.length ? Verdict.Outcome.REPRODUCED
                : held[0] ? Verdict.Outcome.PARTLY : Verdict.Outcome.NOT_REPRODUCED, reason);
    }

    private static Table table(List<Arm> arms, int[] lengths) {
        List<List<Object>> rows = new ArrayList<>();
        for (Arm arm : arms) {
            for (int length : lengths) {
                rows.add(List.of(arm.name, length, arm.accuracy.get(length), arm.loss.get(length) / Math.log(2)));
            }
        }
        return new Table("Passkeys and text by length", List.of("reading", "characters", "keys found",
                "bits per character"), rows);
    }

    private static Plot plot(List<Arm> arms) {
        return new Plot("Passkeys found", "characters", "share", arms.stream().map(arm -> new Plot.Series(arm.name,
                arm.accuracy.keySet().stream().mapToDouble(Integer::doubleValue).toArray(),
                arm.accuracy.values().stream().mapToDouble(Double::doubleValue).toArray())).toList());
    }
}
