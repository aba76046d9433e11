package io.heed.cli.inspect;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.insight.AttentionStatistics;
import io.heed.insight.Capture;
import io.heed.insight.HeadImportance;
import io.heed.insight.Probe;
import io.heed.insight.Selection;
import io.heed.insight.StatisticsObserver;
import io.heed.tensor.Ops;

/**
 * What a model's attention does on a text.
 *
 * @param subject    the model
 * @param settings   what was looked at
 * @param windows    windows that the text was cut into
 * @param window     tokens of each
 * @param tokens     tokens of the text, those that no window holds included
 * @param loss       nats a token
 * @param layers     numbers of the layers shown
 * @param heads      numbers of the heads shown
 * @param statistics by layer
 * @param norms      mean norm of the residual stream by layer and position
 * @param figures    by layer, then head
 * @param symbols    the first tokens, as people read them
 * @param surprise   nats that each of them came with; NaN for the first
 * @param maps       their attention by layer and head: (tokens, tokens)
 */
public record Inspection(Subject subject, InspectSettings settings, int windows, int window, int tokens, double loss,
                         List<Integer> layers, List<Integer> heads, Map<Integer, AttentionStatistics> statistics,
                         Map<Integer, float[]> norms, List<HeadFigures> figures, List<String> symbols, float[] surprise,
                         Map<Integer, List<float[][]>> maps) {
    /** Most tokens whose attention is shown one by one. */
    static final int SHOWN = 96;
    private static final int MOST_WINDOWS = 16;

    /**
     * Reads {@code text} and looks.
     *
     * @throws IllegalArgumentException in one line when the text is too short, or a layer or head does not exist
     */
    public static Inspection of(Subject subject, String text, InspectSettings settings) {
        int[] all = subject.encode().apply(text);
        if (all.length < 2) {
            throw new IllegalArgumentException(all.length == 0 ? "the text is empty: it needs at least 2 tokens"
                    : "the text is one token long: it needs at least 2");
        }
        int window = Math.min(all.length, subject.length());
        int windows = Math.min(MOST_WINDOWS, all.length / window);
        long[] read = IntStream.range(0, windows * window).mapToLong(i -> all[i]).toArray();
        Probe probe = new Probe(subject.model());
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            Tensor tokens = Ops.of(read, windows, window);
            Tensor start = tokens.narrow(0, 0, 1).narrow(1, 0, Math.min(window, SHOWN));
            // first, since it checks layers and heads
            Capture capture = probe.capture(start, new Selection(settings.layers(), settings.heads(), List.of()));
            StatisticsObserver found = probe.summarise(tokens);
            if (found.layers().isEmpty()) {
                throw new IllegalArgumentException(subject.name()
                        + ": no mixer of this model has an attention matrix to look at");
            }
            HeadImportance importance = settings.removal() == null ? null
                    : probe.importance(tokens, settings.removal());
            double loss = importance == null ? probe.loss(tokens, List.of()) : importance.loss();
            List<Integer> layers = capture.selection().layers().stream().filter(found.layers()::containsKey).toList();
            if (layers.isEmpty()) {
                throw new IllegalArgumentException("layer " + settings.layers().getFirst()
                        + " has no attention matrix to look at");
            }
            List<Integer> heads = capture.selection().heads();
            List<HeadFigures> figures = new ArrayList<>();
            for (int layer : layers) {
                for (int head : heads) {
                    figures.add(HeadFigures.of(layer, head, found.layers().get(layer), settings.epsilon(),
                            importance == null ? Double.NaN : importance.increase()[layer][head]));
                }
            }
            List<String> symbols = subject.symbols().apply(Arrays.copyOf(all, Math.toIntExact(start.size(1))));
            return new Inspection(subject, settings, windows, window, all.length, loss, layers, heads, found.layers(),
                    found.hiddenNorms(), figures, symbols, surprise(probe, start), maps(capture, layers));
        }
    }

    /** Figures of one head. */
    HeadFigures figures(int layer, int head) {
        return figures.stream().filter(one -> one.layer() == layer && one.head() == head).findFirst().orElseThrow();
    }

    /** Heads with a sink. */
    List<HeadFigures> sinks() {
        return figures.stream().filter(HeadFigures::isSink).toList();
    }

    /** The token at position {@code i}, visible. */
    String symbol(int i) {
        return i >= symbols.size() ? "token " + i : "'" + visible(symbols.get(i)) + "'";
    }

    static String visible(String symbol) {
        return symbol.replace("\n", "\\n").replace("\t", "\\t");
    }

    private static float[] surprise(Probe probe, Tensor start) {
        float[] surprise = new float[Math.toIntExact(start.size(1))];
        float[] later = Ops.floats(probe.surprise(start, List.of()));
        surprise[0] = Float.NaN;
        System.arraycopy(later, 0, surprise, 1, later.length);
        return surprise;
    }

    /** Shares, so that mechanisms that do not normalise can be seen beside softmax. */
    private static Map<Integer, List<float[][]>> maps(Capture capture, List<Integer> layers) {
        Map<Integer, List<float[][]>> maps = new LinkedHashMap<>();
        for (int layer : layers) {
            Tensor weights = capture.weights().get(layer).select(0, 0); // (heads, tokens, tokens)
            List<float[][]> ofLayer = new ArrayList<>();
            for (long h = 0; h < weights.size(0); h++) {
                ofLayer.add(shares(Ops.floats(weights.select(0, h)), Math.toIntExact(weights.size(1))));
            }
            maps.put(layer, ofLayer);
        }
        return maps;
    }

    private static float[][] shares(float[] weights, int n) {
        float[][] rows = new float[n][n];
        for (int i = 0; i < n; i++) {
            double sum = 1e-8;
            for (int j = 0; j < n; j++) {
                sum += Math.abs(weights[i * n + j]);
            }
            for (int j = 0; j < n; j++) {
                rows[i][j] = (float) (Math.abs(weights[i * n + j]) / sum);
            }
        }
        return rows;
    }
}
