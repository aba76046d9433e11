package io.heed.sequence;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.catalog.Plot;
import io.heed.catalog.Table;

/**
 * How the time of one layer's forward pass grows with the length, for several mixers side by side: width 128, 4 heads,
 * one sequence.
 *
 * @param lengths tokens, rising
 * @param seconds medians by name, a number for each length
 */
public record LengthScaling(int[] lengths, Map<String, double[]> seconds) {
    private static final int WIDTH = 128;
    private static final int HEADS = 4;
    /** Rounds at the shortest length that are not counted. */
    private static final int COMPILED = 30;

    /** Times the mixers, given by name and written form, over {@code rounds} rounds at each length. */
    public static LengthScaling measure(Map<String, String> mixers, int rounds, int... lengths) {
        Map<String, double[]> seconds = new LinkedHashMap<>();
        mixers.keySet().forEach(name -> seconds.put(name, new double[lengths.length]));
        medians(mixers.values(), COMPILED, lengths[0]); // kernels are compiled before the first figure counts
        for (int i = 0; i < lengths.length; i++) {
            double[] medians = medians(mixers.values(), rounds, lengths[i]);
            int at = 0;
            for (double[] of : seconds.values()) {
                of[i] = medians[at++];
            }
        }
        return new LengthScaling(lengths, seconds);
    }

    private static double[] medians(Collection<String> mixers, int rounds, int length) {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            MixerConfig config = MixerConfig.of(WIDTH, HEADS).withLength(length);
            Tensor x = torch.randn(1, length, WIDTH);
            List<SequenceMixer> built = mixers.stream().map(mixer -> Mixers.build(MixerSpec.parse(mixer), config))
                    .toList();
            built.forEach(SequenceMixer::eval);
            return Timings.medians(rounds, built.stream().<Runnable>map(mixer -> () -> mixer.forward(x))
                    .toArray(Runnable[]::new));
        }
    }

    /** The exponent a of time = b N^a: the slope of the logarithms, by least squares. */
    public double exponent(String name) {
        double[] x = Arrays.stream(lengths).mapToDouble(Math::log).toArray();
        double[] y = Arrays.stream(seconds.get(name)).map(Math::log).toArray();
        double meanX = Arrays.stream(x).average().orElseThrow();
        double meanY = Arrays.stream(y).average().orElseThrow();
        double above = 0;
        double below = 0;
        for (int i = 0; i < x.length; i++) {
            above += (x[i] - meanX) * (y[i] - meanY);
            below += (x[i] - meanX) * (x[i] - meanX);
        }
        return above / below;
    }

    /** Milliseconds by length, and the exponents. */
    public Table table() {
        List<String> columns = new ArrayList<>(List.of("length"));
        columns.addAll(seconds.keySet());
        List<List<Object>> rows = new ArrayList<>();
        for (int i = 0; i < lengths.length; i++) {
            List<Object> row = new ArrayList<>(List.of(lengths[i]));
            for (double[] of : seconds.values()) {
                row.add(1e3 * of[i]);
            }
            rows.add(row);
        }
        List<Object> exponents = new ArrayList<>(List.of("exponent"));
        seconds.keySet().forEach(name -> exponents.add(exponent(name)));
        rows.add(exponents);
        return new Table("Forward pass of a layer of width " + WIDTH + " with " + HEADS + " heads, ms", columns, rows);
    }

    /** Seconds over the length. */
    public Plot plot() {
        double[] x = Arrays.stream(lengths).asDoubleStream().toArray();
        return new Plot("Time over the length", "tokens", "seconds", seconds.entrySet().stream()
                .map(entry -> new Plot.Series(entry.getKey(), x, entry.getValue())).toList());
    }
}
