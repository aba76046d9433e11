package io.heed.insight.sink;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

import io.heed.catalog.Budget;
import io.heed.catalog.Claim;
import io.heed.catalog.Plot;
import io.heed.catalog.Progress;
import io.heed.catalog.Report;
import io.heed.catalog.Study;
import io.heed.catalog.Table;
import io.heed.catalog.Verdict;
import io.heed.insight.sink.Mechanism.Similarity;
import io.heed.insight.sink.Mechanism.Similarity.Function;

/**
 * When sinks emerge, in minutes: small models learn {@link BackCopy} sequences, with one thing changed at a time, and
 * their attention is read on the way.
 */
final class SinkStudy implements Study {
    private static final double RATE = 2e-3;
    private static final double DECAY = 0.1;
    private static final String BASE = "softmax, constant first token";
    private static final String MOVED = "softmax, constant third token";
    private static final String SLOW = "softmax, rate x 0.1";
    private static final String SIGMOID = "sigmoid, constant first token";
    private static final String BIAS = "key bias, no constant token";
    private static final List<String> DECIDING = List.of(BASE, MOVED, SLOW, SIGMOID, BIAS);
    /** A sink has emerged when half of heads and texts have one. */
    private static final double EMERGED = 50;
    /** Losses within this share count as equal. */
    private static final double EQUAL = 0.02;

    /** What one part of the claims came to. */
    private record Part(boolean held, String reason) { }

    @Override
    public List<Claim> claims() {
        return SinkSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        Report.Builder report = Report.of("attention-sink", budget).claims(claims());
        BackCopy data = BackCopy.glosses();
        List<SinkArm> arms = arms(budget, data);
        int seeds = budget == Budget.QUICK ? 1 : 3; // of the arms that decide
        long all = arms.stream().mapToLong(SinkArm::steps).sum();
        long done = 0;
        Map<String, List<SinkReading>> curves = new LinkedHashMap<>();
        for (SinkArm arm : arms) {
            progress.update((double) done / all, arm.name());
            curves.put(arm.name(), arm.run(data, DECIDING.contains(arm.name()) ? seeds : 1));
            done += arm.steps();
        }
        report.table(table("Attention after training", arms, curves)).table(paper());
        if (budget == Budget.FULL) {
            progress.update(0.95, "natural text");
            report.table(naturalText());
        }
        report.plot(plot("Sink on the first token over training", "Sink_1, per cent", curves, reading -> reading.first()
                .sink()))
                .plot(plot("Raw weight on the first token over training", "mean weight", curves,
                reading -> reading.first().raw()))
                .plot(plot("Validation loss", "nats a token", curves, SinkReading::loss));
        report.note("Characters by a bigram table of WordNet's glosses; after t, e or i the next character is the one"
                + " before it. One layer, two"
                + " heads, width 64, learned positions, unit embeddings, AdamW, batches of 32 sequences of 64, "
                + seeds + " seed(s) of the arms that decide, one of the others.");
        report.note("Sink_k counts heads and texts whose mean share of attention on position k exceeds 0.3; shares are"
                + " weights over"
                + " their row's sum, which for sigmoid says little of how much weight is spent: raw weights stand"
                + " beside.");
        report.note("Pre-training until sinks emerge in natural text takes billions of tokens; 'heed inspect' measures"
                + " any trained"
                + " model.");
        return verdict(report, curves);
    }

    private static List<SinkArm> arms(Budget budget, BackCopy data) {
        boolean quick = budget == Budget.QUICK;
        int steps = quick ? 750 : 1000;
        SinkConfig softmax = SinkArm.small(data, new Mechanism.Softmax());
        SinkConfig sigmoid = SinkArm.small(data, new Similarity(Function.SIGMOID, false));
        SinkConfig keyBias = SinkArm.small(data, new Mechanism.KeyValueBias(true, false, true));
        List<SinkArm> arms = new ArrayList<>(List.of(new SinkArm(BASE, softmax, 0, steps, RATE, DECAY),
                new SinkArm(MOVED, softmax, 2, steps, RATE, DECAY), new SinkArm(SLOW, softmax, 0, steps, RATE / 10,
                DECAY),
                new SinkArm(SIGMOID, sigmoid, 0, quick ? 1000 : 1500, RATE, DECAY),
                new SinkArm(BIAS, keyBias, -1, quick ? 1500 : 2000, 2 * RATE, DECAY)));
        if (!quick) {
            arms.add(new SinkArm("softmax, no constant token", softmax, -1, steps, RATE, DECAY));
            arms.add(new SinkArm("softmax, constant second token", softmax, 1, steps, RATE, DECAY));
            arms.add(new SinkArm("softmax, weight decay 0", softmax, 0, steps, RATE, 0));
            arms.add(new SinkArm("softmax, weight decay 1", softmax, 0, steps, RATE, 1));
            arms.add(new SinkArm("softmax, window 8", softmax.withVisible(0, 8), 0, steps, RATE, DECAY));
            arms.add(new SinkArm("softmax, prefix 4", softmax.withVisible(4, 0), 0, steps, RATE, DECAY));
            arms.add(new SinkArm("sink token", softmax.withSinkToken(), -1, steps, RATE, DECAY));
            for (int constant : new int[] {0, -1}) {
                String where = constant == 0 ? ", constant first token" : ", no constant token";
                others().forEach((name, mechanism) ->
                        arms.add(new SinkArm(name + where, SinkArm.small(data, mechanism), constant, steps, RATE,
                        DECAY)));
            }
        }
        return arms;
    }

    private static Map<String, Mechanism> others() {
        Map<String, Mechanism> others = new LinkedHashMap<>();
        others.put("softmax + 1", new Mechanism.OffByOne());
        others.put("key and value bias", new Mechanism.KeyValueBias(true, true, true));
        others.put("value bias", new Mechanism.KeyValueBias(false, true, true));
        others.put("sigmoid normalised", new Similarity(Function.SIGMOID, true));
        others.put("elu + 1", new Similarity(Function.ELU, false));
        others.put("kernel mlp", new Mechanism.Kernel(Mechanism.Kernel.Feature.MLP, false));
        return others;
    }

    private static Report verdict(Report.Builder report, Map<String, List<SinkReading>> curves) {
        List<Part> parts = List.of(emerges(curves.get(BASE)), moves(curves.get(MOVED)),
                delayed(curves.get(BASE), curves.get(SLOW)),
                sigmoid(curves.get(BASE), curves.get(SIGMOID)), bias(curves.get(BIAS)));
        long held = parts.stream().filter(Part::held).count();
        String reason = String.join("; ", parts.stream().map(part -> (part.held ? "held: " : "not held: ")
                + part.reason).toList());
        return report.verdict(held == parts.size() ? Verdict.Outcome.REPRODUCED : held == 0
                ? Verdict.Outcome.NOT_REPRODUCED
                : Verdict.Outcome.PARTLY, reason);
    }

    private static Part emerges(List<SinkReading> base) {
        double before = base.getFirst().first().sink();
        double after = base.getLast().first().sink();
        return new Part(before < EMERGED / 10 && after >= EMERGED,
                text("softmax's sink on a constant first token goes from %.1f%% to "
                + "%.1f%% (emerged from %.0f%% on)", before, after, EMERGED));
    }

    private static Part moves(List<SinkReading> moved) {
        SinkReading end = moved.getLast();
        return new Part(end.constant().sink() >= EMERGED && end.constant().sink() > end.first().sink(), text(
                "with the constant token third, the sink is %.1f%% there and %.1f%% on the first", end.constant()
                .sink(), end.first().sink()));
    }

    private static Part delayed(List<SinkReading> base, List<SinkReading> slow) {
        long fast = emergence(base);
        long late = emergence(slow);
        return new Part(fast < late, text("it emerges after %s steps, at a tenth of the rate after %s", steps(fast),
                steps(late)));
    }

    /** Raw weight under sigmoid against softmax's, both at the end. */
    private static Part sigmoid(List<SinkReading> softmax, List<SinkReading> sigmoid) {
        SinkReading soft = softmax.getLast();
        SinkReading free = sigmoid.getLast();
        boolean equal = free.loss() <= soft.loss() * (1 + EQUAL);
        return new Part(equal && free.first().raw() < soft.first().raw() / 10,
                text("sigmoid without normalisation spends %.4f on the"
                + " first token (%.4f before training), softmax %.4f (less than a tenth needed), at losses %.3f and"
                + " %.3f (within %.0f%%"
                + " needed); shares alone would call %.1f%% of its heads sinks", free.first().raw(), sigmoid.getFirst()
                .first().raw(),
                soft.first().raw(), free.loss(), soft.loss(), 100 * EQUAL, free.first().sink()));
    }

    private static Part bias(List<SinkReading> biased) {
        SinkReading end = biased.getLast();
        return new Part(end.front().alpha() > 2 * end.first().alpha() && end.front().sink() > end.first().sink(), text(
                "without a constant token a key bias draws %.3f of attention (Sink_* %.1f%%), the first token %.3f"
                        + " (Sink_1 %.1f%%)",
                end.front().alpha(), end.front().sink(), end.first().alpha(), end.first().sink()));
    }

    /** The first step at which a sink is there; Long.MAX_VALUE for never. */
    private static long emergence(List<SinkReading> curve) {
        return curve.stream().filter(reading -> reading.first().sink() >= EMERGED).mapToLong(SinkReading::step)
                .findFirst()
                .orElse(Long.MAX_VALUE);
    }

    private static String steps(long step) {
        return step == Long.MAX_VALUE ? "more than all" : Long.toString(step);
    }

    /** Models of natural text, whose sinks are told even where there are none. */
    private static Table naturalText() {
        GlossTask task = GlossTask.standard();
        Map<String, Mechanism> mechanisms = new LinkedHashMap<>();
        mechanisms.put("softmax, 4 layers, glosses", new Mechanism.Softmax());
        mechanisms.put("key bias, 4 layers, glosses", new Mechanism.KeyValueBias(true, false, true));
        mechanisms.put("sigmoid, 4 layers, glosses", new Similarity(Function.SIGMOID, false));
        List<SinkArm> arms = new ArrayList<>();
        Map<String, List<SinkReading>> curves = new LinkedHashMap<>();
        mechanisms.forEach((name, mechanism) -> {
            SinkConfig config = SinkConfig.of(task.text().vocabulary().size(), 4, 128, 4, 256, SinkMetric.LENGTH)
                    .withMechanism(mechanism);
            SinkArm arm = new SinkArm(name, config, -1, 800, RATE, DECAY);
            arms.add(arm);
            curves.put(name, arm.run(task, false, 0));
        });
        return table("Natural text: characters of glosses, rotary positions", arms, curves);
    }

    private static Table table(String title, List<SinkArm> arms, Map<String, List<SinkReading>> curves) {
        List<List<Object>> rows = new ArrayList<>();
        for (SinkArm arm : arms) {
            SinkReading end = curves.get(arm.name()).getLast();
            boolean front = arm.config().mechanism().front() > 0 || arm.config().sinkToken();
            List<Object> row = new ArrayList<>(List.of(arm.name(), end.step(), end.loss(), end.first().sink(),
                    end.first().alpha(),
                    end.first().raw()));
            row.add(arm.constant() > 0 ? end.constant().sink() : null);
            row.add(front ? end.front().sink() : null);
            row.add(front ? end.front().alpha() : null);
            row.addAll(List.of(end.mass(), end.largest(), end.hidden()));
            rows.add(row);
        }
        return new Table(title, List.of("arm", "steps", "loss", "Sink_1 %", "share on the first",
                "raw weight on the first", "Sink at the constant %", "Sink_* %", "share on the key in front", "row sum",
                "largest weight", "residual norm, watched over others"), rows);
    }

    private static Table paper() {
        return new Table("The paper's numbers (60M parameters, 5B tokens)",
                List.of("arm", "Sink_1 %", "Sink_* %", "loss"), List.of(
                row("softmax", 18.18, null, 3.73), row("sigmoid without normalisation", 0.44, null, 3.70),
                row("MLP kernel", 0.0, null, null), row("key bias", 0.0, 73.0, null),
                row("value bias", 17.5, null, null),
                row("weight decay 0", 15.2, null, null), row("weight decay 0.5", 41.1, null, null)));
    }

    private static List<Object> row(Object... cells) {
        return Arrays.asList(cells);
    }

    private static Plot plot(String title, String axis, Map<String, List<SinkReading>> curves,
            ToDoubleFunction<SinkReading> figure) {
        return new Plot(title, "steps", axis, curves.entrySet().stream().limit(8)
                .map(entry -> new Plot.Series(entry.getKey(),
                entry.getValue().stream().mapToDouble(SinkReading::step).toArray(),
                entry.getValue().stream().mapToDouble(figure).toArray())).toList());
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
