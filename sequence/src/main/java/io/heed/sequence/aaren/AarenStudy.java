package io.heed.sequence.aaren;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.catalog.Budget;
import io.heed.catalog.Claim;
import io.heed.catalog.Plot;
import io.heed.catalog.Progress;
import io.heed.catalog.Report;
import io.heed.catalog.Study;
import io.heed.catalog.Table;
import io.heed.catalog.Verdict;
import io.heed.sequence.Backbone;
import io.heed.sequence.BackboneConfig;
import io.heed.sequence.BackboneState;
import io.heed.sequence.StudyTraining;
import io.heed.tensor.Seeds;

/**
 * Parity and streaming: Aaren, a Transformer with causal self-attention and a GRU of equal width and depth predict
 * synthetic streams; then Aaren and the Transformer take in a long stream token by token.
 */
final class AarenStudy implements Study {
    private static final List<String> ARMS = List.of("softmax", "aaren", "gru");
    private static final double[] RATES = {1e-3, 3e-3};
    private static final int WIDTH = 64;
    private static final int STREAMED = 10_000;
    /** How far behind the Transformer still counts as level, as a share of its loss. */
    private static final double LEVEL = 0.03;
    /** Largest ratio of the last tenth's time per token to the first's that counts as flat. */
    private static final double FLAT = 1.2;

    /** Losses of one arm on one task, a seed each, at the arm's better rate. */
    private record Losses(double rate, double[] values) {
        double mean() {
            return Arrays.stream(values).average().orElseThrow();
        }

        /** Standard error of the mean; 0 with one seed. */
        double error() {
            double mean = mean();
            double squares = Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum();
            return values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1) / values.length);
        }
    }

    /** Time per token and state over a stream. */
    private record Streaming(double firstMicros, double lastMicros, long bytesEarly, long bytesLate,
            double[] deciles) { }

    @Override
    public List<Claim> claims() {
        return AarenSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        Report.Builder report = Report.of("aaren", budget).claims(claims());
        int steps = budget == Budget.QUICK ? 300 : 2000;
        int seeds = budget == Budget.QUICK ? 1 : 3;
        List<StreamTask> tasks = new ArrayList<>(List.of(new SeasonalTask(), new HawkesTask()));
        if (budget == Budget.FULL) {
            tasks.add(TextStreamTask.glosses());
        }
        Map<String, Map<String, Losses>> losses = new LinkedHashMap<>();
        int done = 0;
        for (StreamTask task : tasks) {
            for (String arm : ARMS) {
                progress.update(0.9 * done++ / (tasks.size() * ARMS.size()), arm + " on " + task.id());
                losses.computeIfAbsent(task.id(), _ -> new LinkedHashMap<>()).put(arm, best(arm, task, steps, seeds));
            }
        }
        report.table(lossTable(losses));
        progress.update(0.9, "a stream of " + STREAMED + " tokens");
        Map<String, Streaming> streams = new LinkedHashMap<>();
        for (String mixer : List.of("softmax", "aaren")) {
            streams.put(mixer, stream(mixer));
        }
        report.table(streamTable(streams)).plot(streamPlot(streams)).table(parameterTable());
        report.note("Every arm is 64 wide and two layers deep, has the same steps, batches and the better of the rates "
                + Arrays.toString(RATES)
                + ". The Transformer has rotary positions, Aaren sinusoids added to its input.");
        report.note("The paper's 38 datasets are replaced by two generators: noisy seasonal signals with regime"
                + " switches, and"
                + " a marked Hawkes process.");
        if (budget == Budget.FULL) {
            report.note("Text is a stress test that the paper does not claim: Aaren's queries do not depend on"
                    + " content.");
        }
        return verdict(report, losses, streams);
    }

    private static Report verdict(Report.Builder report, Map<String, Map<String, Losses>> losses,
                                  Map<String, Streaming> streams) {
        StringBuilder reason = new StringBuilder();
        int level = 0;
        for (String task : List.of("seasonal", "hawkes")) {
            Losses transformer = losses.get(task).get("softmax");
            Losses aaren = losses.get(task).get("aaren");
            double behind = aaren.mean() / transformer.mean() - 1;
            double errors = Math.hypot(aaren.error(), transformer.error());
            if (behind <= LEVEL || aaren.mean() - transformer.mean() <= errors) {
                level++;
            }
            reason.append(String.format(Locale.ROOT,
                    "%s: Aaren's loss is %.4f against the Transformer's %.4f (%+.1f%%, level up"
                    + " to %.0f%%); ", task, aaren.mean(), transformer.mean(), 100 * behind, 100 * LEVEL));
        }
        Streaming aaren = streams.get("aaren");
        double ratio = aaren.lastMicros / aaren.firstMicros;
        boolean constant = aaren.bytesEarly == aaren.bytesLate && ratio < FLAT;
        reason.append(String.format(Locale.ROOT,
                "its state stays at %d bytes and its time per token at %.2fx over %d tokens"
                + " (flat below %.1fx), the Transformer's state grows to %d bytes", aaren.bytesLate, ratio, STREAMED,
                FLAT,
                streams.get("softmax").bytesLate));
        boolean all = level == 2 && constant;
        return report.verdict(all ? Verdict.Outcome.REPRODUCED : level > 0 || constant ? Verdict.Outcome.PARTLY
                : Verdict.Outcome.NOT_REPRODUCED, reason.toString());
    }

    private static Losses best(String arm, StreamTask task, int steps, int seeds) {
        Losses best = null;
        for (double rate : RATES) {
            double[] values = new double[seeds];
            for (int seed = 0; seed < seeds; seed++) {
                try (PointerScope _ = new PointerScope()) {
                    Seeds.seedTorch(seed, "weights", 0);
                    StreamModel model = StreamModel.of(arm, task.features(), WIDTH, task.outputs());
                    values[seed] = StudyTraining.train(model, task, StudyTraining.config(steps, rate, seed)).loss();
                }
            }
            Losses losses = new Losses(rate, values);
            best = best == null || losses.mean() < best.mean() ? losses : best;
        }
        return best;
    }

    /** Takes in one stream token by token, after another one that warms up the machine. */
    private static Streaming stream(String mixer) {
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(0, "weights", 0);
            Backbone backbone = new Backbone(BackboneConfig.of(mixer, WIDTH, 2, STREAMED));
            backbone.eval();
            Tensor tokens = torch.randn(STREAMED, 1, WIDTH);
            double[] seconds = new double[STREAMED];
            long early = 0;
            long late = 0;
            for (int length : new int[] {STREAMED / 5, STREAMED}) {
                try (BackboneState state = backbone.state(1)) {
                    for (int t = 0; t < length; t++) {
                        long begin = System.nanoTime();
                        try (PointerScope _ = new PointerScope()) {
                            backbone.step(tokens.select(0, t), state);
                        }
                        seconds[t] = (System.nanoTime() - begin) / 1e9;
                        early = t == STREAMED / 10 - 1 ? state.bytes() : early;
                    }
                    late = state.bytes();
                }
            }
            double[] deciles = new double[10];
            for (int i = 0; i < deciles.length; i++) {
                double[] part = Arrays.copyOfRange(seconds, i * STREAMED / 10, (i + 1) * STREAMED / 10);
                Arrays.sort(part);
                deciles[i] = 1e6 * part[part.length / 2];
            }
            return new Streaming(deciles[0], deciles[9], early, late, deciles);
        }
    }

    private static Table lossTable(Map<String, Map<String, Losses>> losses) {
        List<List<Object>> rows = new ArrayList<>();
        losses.forEach((task, arms) -> {
            double transformer = arms.get("softmax").mean();
            arms.forEach((arm, result) -> rows.add(List.of(task, arm, result.mean(), result.error(),
                    result.mean() / transformer, result.rate)));
        });
        return new Table("Validation loss", List.of("task", "model", "loss", "standard error", "over the Transformer's",
                "rate"),
                rows);
    }

    private static Table streamTable(Map<String, Streaming> streams) {
        List<List<Object>> rows = new ArrayList<>();
        streams.forEach((mixer, s) -> rows.add(List.of(mixer, s.firstMicros, s.lastMicros, s.lastMicros / s.firstMicros,
                s.bytesEarly, s.bytesLate)));
        return new Table("A stream of " + STREAMED + " tokens, one by one", List.of("model", "first tenth, us a token",
                "last tenth, us a token", "ratio", "state bytes after a tenth", "state bytes at the end"), rows);
    }

    private static Plot streamPlot(Map<String, Streaming> streams) {
        double[] position = new double[10];
        Arrays.setAll(position, i -> (i + 0.5) * STREAMED / 10);
        return new Plot("Time per token along the stream", "tokens seen", "us", streams.entrySet().stream()
                .map(entry -> new Plot.Series(entry.getKey(), position, entry.getValue().deciles)).toList());
    }

    private static Table parameterTable() {
        try (PointerScope _ = new PointerScope()) {
            long aaren = parameters(new AarenLayer(AarenStackConfig.of(512, 8, 2048, 1)));
            return new Table("Parameters of a layer, 512 wide, 2048 hidden", List.of("", "paper", "ours"),
                    List.of(List.of("Aaren", 3_152_896L, aaren),
                            List.of("without the query token, a Transformer's", 3_152_384L, aaren - 512)));
        }
    }

    private static long parameters(Module module) {
        TensorVector parameters = module.parameters();
        long sum = 0;
        for (long i = 0; i < parameters.size(); i++) {
            sum += parameters.get(i).numel();
        }
        return sum;
    }
}
