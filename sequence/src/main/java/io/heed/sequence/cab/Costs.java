package io.heed.sequence.cab;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.catalog.Table;
import io.heed.nn.Form;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerSpec;
import io.heed.sequence.Mixers;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.Timings;
import io.heed.tensor.PeakMemory;
import io.heed.tensor.Seeds;

/**
 * Time and memory of a non-causal forward pass by length, and the lengths at which the efficient attentions overtake
 * vanilla attention that makes its matrix, as the benchmark's does; and, in time, our fused one, which does not.
 *
 * @param lengths where they were measured
 * @param seconds by attention
 * @param bytes   peak resident memory, by attention
 */
record Costs(double[] lengths, Map<String, double[]> seconds, Map<String, double[]> bytes) {
    private static final long WIDTH = 128;
    private static final int HEADS = 4;
    static final String VANILLA = "vanilla";
    static final String FUSED = "vanilla, fused";
    private static final List<String> EFFICIENT =
            List.of("local-attention", "abc", "performer", "cosformer", "nystromformer", "lara", "prob-sparse",
                    "long-short", "s4d");
    /** The paper's lengths, tokens, in time and in memory; none for Nystrom in its README. */
    private static final Map<String,
            String> PAPER = Map.of("local-attention", "4195 / 1169", "abc", "1877 / 70", "performer",
            "2361 / 37", "cosformer", "2539 / 164");

    static Costs measure(int longest, int rounds) {
        List<Integer> lengths = new ArrayList<>();
        for (int length = 256; length <= longest; length *= 2) {
            lengths.add(length);
        }
        Map<String, double[]> seconds = new LinkedHashMap<>();
        Map<String, double[]> bytes = new LinkedHashMap<>();
        List<String> names = new ArrayList<>(List.of(VANILLA, FUSED));
        names.addAll(EFFICIENT);
        names.forEach(name -> {
            seconds.put(name, new double[lengths.size()]);
            bytes.put(name, new double[lengths.size()]);
        });
        for (int i = 0; i < lengths.size(); i++) {
            try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
                Tensor x = torch.randn(1, lengths.get(i), WIDTH);
                List<Runnable> passes = names.stream().map(name -> pass(name, x)).toList();
                double[] medians = Timings.medians(rounds, passes.toArray(Runnable[]::new));
                for (int name = 0; name < names.size(); name++) {
                    Runnable pass = passes.get(name);
                    seconds.get(names.get(name))[i] = medians[name];
                    bytes.get(names.get(name))[i] = PeakMemory.during(() -> {
                        try (PointerScope _ = new PointerScope()) {
                            pass.run();
                        }
                    });
                }
            }
        }
        return new Costs(lengths.stream().mapToDouble(Integer::doubleValue).toArray(), seconds, bytes);
    }

    private static Runnable pass(String name, Tensor x) {
        Seeds.seedTorch(0, "weights", 0);
        boolean vanilla = name.startsWith(VANILLA);
        SequenceMixer mixer = Mixers.build(MixerSpec.parse(vanilla ? "softmax:positions=none" : name),
                MixerConfig.of(WIDTH, HEADS).withCausal(false));
        mixer.eval();
        MixerContext context = MixerContext.of(name.equals(VANILLA) ? Form.REFERENCE : Form.AUTO);
        return () -> mixer.forward(x, context);
    }

    /** In time; the shortest length is left out of the fits, as in the paper. */
    EfficiencyLength time(String attention, String vanilla) {
        return EfficiencyLength.of(from(lengths), from(seconds.get(vanilla)), from(seconds.get(attention)));
    }

    /** In memory. */
    EfficiencyLength memory(String attention) {
        return EfficiencyLength.of(lengths, bytes.get(VANILLA), bytes.get(attention));
    }

    private static double[] from(double[] values) {
        return Arrays.copyOfRange(values, 1, values.length);
    }

    /** How many attentions overtake vanilla later in time than in memory. */
    long laterInTime() {
        return EFFICIENT.stream().filter(name -> length(time(name, VANILLA)) > length(memory(name))).count();
    }

    static int attentions() {
        return EFFICIENT.size();
    }

    /** Never is later than any length. */
    private static long length(EfficiencyLength found) {
        return found.length() < 0 ? Long.MAX_VALUE : found.length();
    }

    Table table() {
        List<List<Object>> rows = new ArrayList<>();
        for (String name : EFFICIENT) {
            EfficiencyLength time = time(name, VANILLA);
            EfficiencyLength memory = memory(name);
            EfficiencyLength fused = time(name, FUSED);
            rows.add(Arrays.asList(name, PAPER.get(name), text(time), text(memory), text(fused), time.linear(),
                    memory.linear()));
        }
        return new Table("Efficiency lengths, tokens: from there on it costs less than vanilla attention (D = "
                + WIDTH + ", forward)",
                List.of("attention", "paper, time / memory", "time", "memory", "time, against our fused vanilla",
                        "R^2 time", "R^2 memory"), rows);
    }

    private static Object text(EfficiencyLength found) {
        return found.length() < 0 ? "never" : found.length() == 0 ? "from the start" : (Object) found.length();
    }
}
