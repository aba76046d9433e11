package io.heed.inference.act;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;

import io.heed.catalog.Budget;
import io.heed.catalog.Claim;
import io.heed.catalog.Progress;
import io.heed.catalog.Report;
import io.heed.catalog.Study;
import io.heed.catalog.Table;
import io.heed.catalog.Verdict;
import io.heed.data.DataFolders;
import io.heed.data.WordNet;
import io.heed.inference.engine.Engine;
import io.heed.inference.engine.EngineSettings;
import io.heed.inference.engine.FinishReason;
import io.heed.inference.engine.GenerationRequest;
import io.heed.inference.engine.Refusal;
import io.heed.inference.engine.Sampling;
import io.heed.inference.engine.TokenListener;
import io.heed.inference.model.CausalModel;
import io.heed.inference.text.TextModel;

/**
 * Tests whether damping sinks in chosen heads helps a frozen model on texts that the heads were not chosen on, and
 * whether the choice matters: on small models of our own that have strong sinks and planted fillers, and on a trained
 * story model in and out of its distribution.
 */
final class ActStudy implements Study {
    private static final int LENGTH = 65;
    private static final int BEGIN = 1;

    /** Sizes of a budget. */
    private record Sizes(int steps, int seeds, int sequences, int texts) {
        static Sizes of(Budget budget) {
            return budget == Budget.QUICK ? new Sizes(400, 2, 64, 40) : new Sizes(2000, 5, 200, 160);
        }
    }

    @Override
    public List<Claim> claims() {
        return ActSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        Sizes sizes = Sizes.of(budget);
        Report.Builder report = Report.of("act", budget).claims(claims());
        List<ActTrial> own = own(sizes, progress);
        List<ActTrial> trained = trained(sizes, progress, report);
        List<List<Object>> rows = new ArrayList<>();
        own.forEach(trial -> rows.addAll(trial.rows()));
        trained.forEach(trial -> rows.addAll(trial.rows()));
        report.table(new Table("Held-out texts; heads chosen on others", List.of("texts", "calibrated", "heads", "loss",
                "accuracy, %"), rows));
        report.note("The paper reports accuracy of 7 to 70 billion parameter chat models on classification and"
                + " multiple choice, up"
                + " to +7.30 points on average; here next-token prediction by models of 0.1 to 0.3 million"
                + " parameters.");
        report.note("All layers are searched, since these models have no layers between the first two and the last to"
                + " speak of.");
        return verdict(report, own, trained);
    }

    private static List<ActTrial> own(Sizes sizes, Progress progress) {
        List<ActTrial> trials = new ArrayList<>();
        for (int seed = 0; seed < sizes.seeds; seed++) {
            int s = seed;
            int[] done = {0};
            BackCopyTask task = new BackCopyTask(seed);
            CausalModel model = SmallModel.train(task, sizes.steps, seed, () -> progress.update(
                    0.6 * (s + 0.9 * done[0]++ / sizes.steps) / sizes.seeds, "training model " + (s + 1)));
            SplittableRandom random = new SplittableRandom(1000 + seed);
            List<int[]> texts = new ArrayList<>();
            for (int i = 0; i < sizes.sequences; i++) {
                texts.add(task.sequence(random));
            }
            trials.add(ActTrial.run("back-copy, seed " + seed, model, texts, Calibration.USUAL,
                    _ -> progress.update(0.6 * (s + 0.95) / sizes.seeds, "searching heads of model " + (s + 1))));
        }
        return trials;
    }

    private static List<ActTrial> trained(Sizes sizes, Progress progress, Report.Builder report) {
        Optional<Path> folder = DataFolders.of(null).find("stories260K");
        if (folder.isEmpty()) {
            report.note("The trained model stories260K was not found (set HEED_DATA to its folder's parent): the"
                    + " verdict rests on"
                    + " models of our own.");
            return List.of();
        }
        try {
            TextModel model = TextModel.open(folder.get());
            List<ActTrial> trials = new ArrayList<>();
            String foreign = DataFolders.of(null).find("tiny-shakespeare").isPresent() ? "Shakespeare"
                    : "WordNet glosses";
            trials.add(ActTrial.run(foreign, model.model(), windows(model, foreignText(), sizes.texts),
                    Calibration.USUAL,
                    n -> progress.update(0.6 + 0.2 * n / 40, foreign)));
            trials.add(ActTrial.run("the model's own stories", model.model(), stories(model, sizes.texts),
                    Calibration.USUAL,
                    n -> progress.update(0.8 + 0.2 * n / 40, "stories")));
            return trials;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String foreignText() throws IOException {
        Optional<Path> shakespeare = DataFolders.of(null).find("tiny-shakespeare");
        return shakespeare.isPresent() ? Files.readString(shakespeare.get().resolve("input.txt"))
                : WordNet.glosses().validation();
    }

    /** Stretches of a text far from each other, each with the beginning's token first. */
    private static List<int[]> windows(TextModel model, String text, int count) {
        List<int[]> windows = new ArrayList<>();
        int characters = LENGTH * 6;
        for (int i = 0; i < count; i++) {
            int from = (int) ((long) i * (text.length() - characters) / count);
            int[] ids = model.tokenizer().encode(text.substring(from, from + characters), false);
            int[] window = new int[LENGTH];
            window[0] = BEGIN;
            System.arraycopy(ids, 0, window, 1, LENGTH - 1);
            windows.add(window);
        }
        return windows;
    }

    /** Texts that the model wrote itself. */
    private static List<int[]> stories(TextModel model, int count) {
        List<CompletableFuture<int[]>> stories = new ArrayList<>();
        EngineSettings settings = EngineSettings.of(model.model().dense(), 64L << 20, model.vocabulary())
                .withQueue(count);
        try (Engine engine = new Engine(model.model(), settings)) {
            for (int i = 0; i < count; i++) {
                stories.add(story(engine, i));
            }
            return stories.stream().map(CompletableFuture::join).toList();
        }
    }

    private static CompletableFuture<int[]> story(Engine engine, int seed) {
        int[] story = new int[LENGTH];
        story[0] = BEGIN;
        CompletableFuture<int[]> done = new CompletableFuture<>();
        try {
            engine.submit(new GenerationRequest(new int[] {BEGIN}, LENGTH - 1, Sampling.of(1, seed), Set.of(),
                    Duration.ofMinutes(10)), new TokenListener() {
                private int length = 1;

                @Override
                public boolean token(int id) {
                    story[length++] = id;
                    return true;
                }

                @Override
                public void end(FinishReason reason, Throwable failure) {
                    done.complete(Arrays.copyOf(story, length));
                }
            });
        } catch (Refusal e) {
            throw new IllegalStateException(e);
        }
        return done;
    }

    private static Report verdict(Report.Builder report, List<ActTrial> own, List<ActTrial> trained) {
        List<ActTrial> all = new ArrayList<>(own);
        all.addAll(trained);
        long helps = all.stream().filter(ActTrial::helps).count();
        long beatsRandom = all.stream().filter(ActTrial::beatsRandom).count();
        long beatsAll = all.stream().filter(ActTrial::beatsAll).count();
        long whole = all.stream().filter(trial -> trial.helps() && trial.beatsRandom() && trial.beatsAll()).count();
        Verdict.Outcome outcome = whole == all.size() ? Verdict.Outcome.REPRODUCED
                : 2 * helps > all.size() || 2 * beatsRandom > all.size() && 2 * beatsAll > all.size()
                        ? Verdict.Outcome.PARTLY : Verdict.Outcome.NOT_REPRODUCED;
        double gain = all.stream().mapToDouble(trial -> trial.none().loss() - trial.selected().loss()).average()
                .orElse(0);
        return report.verdict(outcome,
                String.format(Locale.ROOT, "of %d sets of held-out texts, selected heads lower the loss on"
                + " %d (by %.4f on average over all), beat random heads on %d and all heads on %d", all.size(), helps,
                gain,
                beatsRandom, beatsAll));
    }
}
