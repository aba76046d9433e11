package io.heed.sequence.transnormer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.catalog.Budget;
import io.heed.catalog.Claim;
import io.heed.catalog.Plot;
import io.heed.catalog.Progress;
import io.heed.catalog.Report;
import io.heed.catalog.Study;
import io.heed.catalog.Table;
import io.heed.catalog.Verdict;
import io.heed.data.CharacterVocabulary;
import io.heed.data.TextCorpus;
import io.heed.data.TextData;
import io.heed.data.WordNet;
import io.heed.nn.Form;
import io.heed.nn.Initialisation;
import io.heed.sequence.BackboneConfig;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.LanguageModelConfig;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerSpec;
import io.heed.sequence.Mixers;
import io.heed.sequence.ModelTextTask;
import io.heed.sequence.ParameterBudget;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.StudyTraining;
import io.heed.sequence.TextTask;
import io.heed.sequence.Timings;
import io.heed.tensor.Seeds;

/**
 * Quality against a softmax model of the same size and against itself without each part; the cost of a decoded token by
 * its position; why the state is decayed as it goes; and the kernel under it.
 */
final class TransNormerStudy implements Study {
    private static final String FULL = "TransNormerLLM";
    private static final String NO_DECAY = "no decay";
    private static final String NO_LRPE = "no LRPE";
    private static final String NO_GATE = "no gate";
    private static final String LAYER_NORM = "LayerNorm";
    private static final String SOFTMAX = "softmax";
    /** Nats by which the model may be behind softmax attention. */
    private static final double LEVEL = 0.05;
    private static final int[] POSITIONS = {64, 256, 1024, 4096};
    /** Largest ratio of a token's time at the last position to that at the first that counts as flat. */
    private static final double FLAT = 1.25;
    private static final double RATE = 2e-3;
    private static final int STREAM = 4096;
    private static final double DECAY = 0.25;

    private record Sizes(int width, int layers, int length, int batch, int steps, int seeds, int windows) {
        static Sizes of(Budget budget) {
            return budget == Budget.QUICK ? new Sizes(64, 2, 128, 16, 200, 1, 48)
                    : new Sizes(128, 4, 256, 16, 1500, 2, 256);
        }

        int heads() {
            return width / 32 * 2;
        }
    }

    /** How large weights are at the start. */
    private enum Start {
        /** All of one small deviation, as in large models. */
        SMALL(String.valueOf(Initialisation.DEVIATION)) {
            @Override
            void apply(Module model) { }
        },
        /** By the number of inputs, as in narrow models. */
        FAN_IN("1/sqrt(inputs)") {
            @Override
            void apply(Module model) {
                Initialisation.fanIn(model);
            }
        };

        final String title;

        Start(String title) {
            this.title = title;
        }

        /** Sets the weights of a model that was just built. */
        abstract void apply(Module model);
    }

    private record Trained(double loss, double milliseconds, long parameters, Start start) { }

    @Override
    public List<Claim> claims() {
        return TransNormerSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        Sizes sizes = Sizes.of(budget);
        Report.Builder report = Report.of("transnormer-llm", budget).claims(claims());
        Map<String, Trained> text = text(sizes, progress);
        report.table(textTable(text));
        progress.update(0.85, "decoding");
        Map<String, List<Decoding.Cost>> decoding = decoding(budget == Budget.QUICK ? 60 : 400);
        report.table(decodingTable(decoding)).plot(decodingPlot(decoding));
        Decoding.Stability stability = Decoding.stability(STREAM, DECAY);
        report.table(new Table("A head's float32 state over " + STREAM + " tokens at decay rate " + DECAY,
                List.of("state", "first position lost", "largest relative error"), List.of(
                Arrays.asList("sum of exp(s j) k_j v_j^T", stability.firstLost() < 0 ? null : stability.firstLost(),
                null),
                Arrays.asList("decayed as it goes", null, stability.robustError()))));
        progress.update(0.92, "speed");
        report.table(speedTable(budget == Budget.QUICK ? 1 : 9));
        report.note("Text: characters of WordNet's glosses, N = " + sizes.length + ", " + sizes.steps + " steps at "
                + RATE
                + ", " + sizes.seeds + " seed(s). All arms have the same parameters within 1%: without the gate the"
                + " channel"
                + " mixers are wider. The softmax arm has rotary positions, RMSNorm and SwiGLU. The full model and"
                + " softmax attention have the better of two deviations of the weights at the start, the other arms"
                + " the full"
                + " model's.");
        report.note("The paper's models have 385M to 7B parameters and are judged by benchmarks of common sense;"
                + " these sizes say"
                + " which way each part pulls, not how far.");
        return verdict(report, text, decoding, stability);
    }

    private static Report verdict(Report.Builder report, Map<String, Trained> text,
                                  Map<String, List<Decoding.Cost>> decoding, Decoding.Stability stability) {
        double full = text.get(FULL).loss;
        double softmax = text.get(SOFTMAX).loss;
        double decay = text.get(NO_DECAY).loss - full;
        double lrpe = text.get(NO_LRPE).loss - full;
        double gate = text.get(NO_GATE).loss - full;
        double ours = growth(decoding.get(FULL));
        double theirs = growth(decoding.get(SOFTMAX));
        boolean[] held = {full <= softmax + LEVEL, decay > lrpe, gate > 0, ours <= FLAT && theirs > FLAT,
            stability.firstLost() >= 0 && stability.robustError() < 1e-4};
        int count = 0;
        for (boolean one : held) {
            count += one ? 1 : 0;
        }
        String reason = String.format(Locale.ROOT, "validation loss %.3f against softmax attention's %.3f (at most"
                + " %.2f behind);"
                + " leaving out decay costs %+.3f, LRPE %+.3f, the gate %+.3f nats (decay must cost more than LRPE,"
                + " the gate more"
                + " than nothing); a token at position %d takes %.2fx of one at %d, softmax attention's %.2fx (flat"
                + " up to %.2f);"
                + " the state that is not decayed is lost at position %d, the decayed one is off by %.1e", full,
                softmax, LEVEL,
                decay, lrpe, gate, POSITIONS[POSITIONS.length - 1], ours, POSITIONS[0], theirs, FLAT,
                stability.firstLost(),
                stability.robustError());
        return report.verdict(count == held.length ? Verdict.Outcome.REPRODUCED
                : count > 0 ? Verdict.Outcome.PARTLY : Verdict.Outcome.NOT_REPRODUCED, reason);
    }

    private static double growth(List<Decoding.Cost> costs) {
        return costs.getLast().micros() / costs.getFirst().micros();
    }

    private static Map<String, Trained> text(Sizes sizes, Progress progress) {
        TextCorpus glosses = WordNet.glosses();
        TextTask task = new TextTask(new TextData(glosses, CharacterVocabulary.of(glosses.train()), sizes.length),
                sizes.batch, sizes.windows);
        TransNormerConfig full = TransNormerConfig.of(task.data().vocabularySize(), sizes.layers, sizes.heads(),
                sizes.width);
        Map<String, TransNormerConfig> arms = new LinkedHashMap<>();
        arms.put(NO_DECAY, full.withDecay(false));
        arms.put(NO_LRPE, full.withLrpe(Set.of()));
        // the gate's D x D weights go into the channel mixers' 3 D x F
        arms.put(NO_GATE, full.withGate(false).withHidden(full.hidden() + Math.round(sizes.width / 3.0)));
        arms.put(LAYER_NORM, full.withNorm(ChannelNorm.LAYER));
        Map<String, Trained> results = new LinkedHashMap<>();
        progress.update(0, "text, " + FULL);
        results.put(FULL, better(start -> train(full, task, sizes, start)));
        Start chosen = results.get(FULL).start;
        arms.forEach((name, config) -> {
            progress.update(0.85 * (results.size() + 1) / (arms.size() + 4), "text, " + name);
            results.put(name, train(config, task, sizes, chosen));
        });
        progress.update(0.85 * (arms.size() + 2) / (arms.size() + 4), "text, " + SOFTMAX);
        results.put(SOFTMAX, better(start -> softmax(results.get(FULL).parameters, task, sizes, start)));
        return results;
    }

    /** The start with the lower loss: which one suits differs between the models. */
    private static Trained better(Function<Start, Trained> training) {
        return Arrays.stream(Start.values()).map(training).min(Comparator.comparingDouble(Trained::loss)).orElseThrow();
    }

    private static Trained train(TransNormerConfig config, TextTask task, Sizes sizes, Start start) {
        double loss = 0;
        long parameters = 0;
        long begin = System.nanoTime();
        for (int seed = 0; seed < sizes.seeds; seed++) {
            try (PointerScope _ = new PointerScope()) {
                Seeds.seedTorch(seed, "weights", 0);
                TransNormerLlm model = new TransNormerLlm(config);
                start.apply(model);
                parameters = model.parameterCount();
                loss += StudyTraining.train(model, new ModelTextTask<>(task, TransNormerLlm::crossEntropy),
                        StudyTraining.config(sizes.steps, RATE, seed)).loss();
            }
        }
        return trained(loss, begin, parameters, sizes, start);
    }

    private static Trained softmax(long parameters, TextTask task, Sizes sizes, Start start) {
        BackboneConfig plain = new BackboneConfig(sizes.width, sizes.layers, sizes.heads(), sizes.heads(), sizes.length,
                2L * sizes.width, BackboneConfig.NormKind.RMS_NORM, BackboneConfig.MlpKind.SWIGLU, 0, true,
                List.of(MixerSpec.parse("softmax")));
        LanguageModelConfig config = new ParameterBudget(parameters).fit(
                new LanguageModelConfig(task.data().vocabularySize(), true, plain));
        double loss = 0;
        long count = 0;
        long begin = System.nanoTime();
        for (int seed = 0; seed < sizes.seeds; seed++) {
            try (PointerScope _ = new PointerScope()) {
                Seeds.seedTorch(seed, "weights", 0);
                LanguageModel model = new LanguageModel(config);
                start.apply(model);
                count = model.parameterCount();
                loss += StudyTraining.train(model, task, StudyTraining.config(sizes.steps, RATE, seed)).loss();
            }
        }
        return trained(loss, begin, count, sizes, start);
    }

    private static Trained trained(double loss, long begin, long parameters, Sizes sizes, Start start) {
        double milliseconds = (System.nanoTime() - begin) / 1e6;
        return new Trained(loss / sizes.seeds, milliseconds / sizes.seeds / sizes.steps, parameters, start);
    }

    private static Map<String, List<Decoding.Cost>> decoding(int tokens) {
        MixerConfig config = MixerConfig.of(256, 4).withLength(POSITIONS[POSITIONS.length - 1]);
        Map<String, List<Decoding.Cost>> costs = new LinkedHashMap<>();
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(0, "decoding", 0);
            for (String arm : List.of(FULL, SOFTMAX)) {
                SequenceMixer mixer = Mixers.build(MixerSpec.parse(arm.equals(FULL) ? "transnormer-llm" : SOFTMAX),
                        config);
                costs.put(arm, Decoding.costs(mixer, config, POSITIONS, tokens));
            }
        }
        return costs;
    }

    /** Tokens/s of the layer, forward and backward: with the kernel, composed, and softmax attention's layer. */
    private static Table speedTable(int rounds) {
        List<List<Object>> rows = new ArrayList<>();
        for (int length : new int[] {1024, 4096}) {
            try (PointerScope _ = new PointerScope()) {
                MixerConfig config = MixerConfig.of(256, 4).withLength(length);
                SequenceMixer mixer = Mixers.build(MixerSpec.parse("transnormer-llm"), config);
                SequenceMixer softmax = Mixers.build(MixerSpec.parse(SOFTMAX), config);
                Tensor x = torch.randn(1, length, config.width());
                double[] seconds = Timings.medians(rounds, step(mixer, x, Form.AUTO), step(mixer, x, Form.REFERENCE),
                        step(softmax, x, Form.AUTO));
                rows.add(List.of(length, length / seconds[0], length / seconds[1], length / seconds[2],
                        seconds[1] / seconds[0]));
            }
        }
        return new Table("One layer of width 256 with 4 heads, forward and backward, tokens/s", List.of("length",
                "lightning kernel", "composed", "softmax, fused", "kernel over composed"), rows);
    }

    private static Runnable step(SequenceMixer mixer, Tensor x, Form form) {
        return () -> mixer.forward(x, MixerContext.of(form)).sum().backward();
    }

    private static Table textTable(Map<String, Trained> text) {
        List<List<Object>> rows = new ArrayList<>();
        double full = text.get(FULL).loss;
        text.forEach((arm, result) -> rows.add(List.of(arm, result.loss, result.loss - full, result.milliseconds,
                result.parameters, result.start.title)));
        return new Table("Characters of WordNet's glosses", List.of("model", "validation loss", "over the full model's",
                "ms a step", "parameters", "deviation of weights at the start"), rows);
    }

    private static Table decodingTable(Map<String, List<Decoding.Cost>> decoding) {
        List<List<Object>> rows = new ArrayList<>();
        decoding.forEach((arm, costs) -> costs.forEach(cost ->
                rows.add(List.of(arm, cost.position(), cost.micros(), cost.bytes()))));
        return new Table("A decoded token, one layer of width 256 with 4 heads",
                List.of("layer", "position", "us", "state bytes"), rows);
    }

    private static Plot decodingPlot(Map<String, List<Decoding.Cost>> decoding) {
        double[] position = Arrays.stream(POSITIONS).asDoubleStream().toArray();
        return new Plot("Time of a decoded token", "position", "us", decoding.entrySet().stream()
                .map(entry -> new Plot.Series(entry.getKey(), position,
                        entry.getValue().stream().mapToDouble(Decoding.Cost::micros).toArray())).toList());
    }
}
