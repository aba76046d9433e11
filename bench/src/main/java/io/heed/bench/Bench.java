package io.heed.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.Workers;

/** All measurements, in the order in which they are reported. */
public final class Bench {
    private Bench() { }

    /** Every case; making the list allocates no tensors. */
    public static List<BenchCase> cases() {
        List<BenchCase> cases = new ArrayList<>();
        cases.addAll(AttentionBenches.all());
        cases.addAll(DecodeBenches.all());
        cases.addAll(ModelBenches.all());
        cases.addAll(JlamaBenches.all());
        cases.addAll(LinearBenches.all());
        cases.addAll(ScanBenches.all());
        cases.addAll(PointerBenches.all());
        cases.addAll(NeighborhoodBenches.all());
        cases.addAll(SelectiveBenches.all());
        cases.addAll(GatherBenches.all());
        cases.addAll(GraphBenches.all());
        cases.addAll(MixerBenches.all());
        cases.addAll(FormBenches.all());
        return cases;
    }

    /** The cases whose bench or shape contains {@code text}. */
    public static List<BenchCase> matching(String text) {
        String wanted = text.toLowerCase(Locale.ROOT);
        return cases().stream().filter(c -> (c.bench() + " " + c.shape()).toLowerCase(Locale.ROOT).contains(wanted))
                .toList();
    }

    /**
     * Measures the cases one after the other, libtorch on as many threads as the kernels, and hands over each result.
     *
     * @param skipped told of each case whose other side cannot be had on this machine, and why
     */
    public static List<BenchResult> run(List<BenchCase> cases, Consumer<BenchResult> each,
            BiConsumer<BenchCase, String> skipped) {
        torch.set_num_threads(Workers.count());
        List<BenchResult> results = new ArrayList<>();
        for (BenchCase benchCase : cases) {
            try {
                BenchResult result = benchCase.measure();
                results.add(result);
                each.accept(result);
            } catch (Unavailable e) {
                skipped.accept(benchCase, e.getMessage());
            }
        }
        return results;
    }

    /** The machine's fused multiply-add peak over all threads, GFLOP/s: the limit of everything measured here. */
    public static double peakGigaflops() {
        return MachinePeak.gigaflops();
    }
}
