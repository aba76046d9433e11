package io.heed.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.sequence.Cost;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerKind;
import io.heed.sequence.Mixers;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;

/**
 * How the time of every mixer that claims less than quadratic cost grows with the sequence: at 1k, 16k and 64k tokens
 * against what the time at 4k tokens allows where each token costs the same. A ratio of 1 is exactly linear growth,
 * less is worse.
 */
final class MixerBenches {
    private static final int WIDTH = 64;
    private static final int HEADS = 4;
    private static final int BASE = 4096;
    private static final int[] LENGTHS = {1024, 16384, 65536};
    private static final double MOST_SECONDS = 1.5;
    private static final int MOST_ROUNDS = 5;

    private MixerBenches() { }

    static List<BenchCase> all() {
        List<BenchCase> cases = new ArrayList<>();
        for (MixerKind kind : Mixers.all()) {
            if (kind.cost() != Cost.QUADRATIC && kind.patterns().contains(Pattern.CAUSAL_SELF)) {
                for (boolean backward : new boolean[] {false, true}) {
                    for (int length : LENGTHS) {
                        cases.add(new Growth(kind, backward, length));
                    }
                }
            }
        }
        return cases;
    }

    /** One mixer at one length, forward alone or with the backward pass. */
    private record Growth(MixerKind kind, boolean backward, int length) implements BenchCase {
        @Override
        public String bench() {
            return "mixer-cost " + kind.id() + (backward ? " forward-backward" : " forward");
        }

        @Override
        public String shape() {
            return "1x" + length + "x" + WIDTH;
        }

        @Override
        public BenchResult measure() {
            try (PointerScope _ = new PointerScope()) {
                Runnable base = work(BASE);
                Runnable longer = work(length);
                base.run();
                longer.run();
                List<Double> baseMillis = new ArrayList<>();
                List<Double> longerMillis = new ArrayList<>();
                long begin = System.nanoTime();
                do { // in turns, so that a slow moment of the machine falls on both
                    baseMillis.add(millis(base));
                    longerMillis.add(millis(longer));
                } while (longerMillis.size() < MOST_ROUNDS && (System.nanoTime() - begin) / 1e9 < MOST_SECONDS);
                double allowed = median(baseMillis) * length / BASE;
                double taken = median(longerMillis);
                return new BenchResult(bench(), shape(), taken, "the time per token at " + BASE, allowed,
                        allowed / taken,
                        Floors.growth(kind.cost(), length).orElse(Double.NaN));
            }
        }

        private Runnable work(int tokens) {
            SequenceMixer mixer = kind.build(MixerConfig.of(WIDTH, HEADS).withLength(tokens));
            mixer.train(backward);
            Tensor x = Tensors.normal(1, tokens, WIDTH);
            Tensor gradient = Tensors.normal(1, tokens, WIDTH);
            return backward ? () -> forwardBackward(mixer, x, gradient) : () -> {
                try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
                    mixer.forward(x, MixerContext.plain());
                }
            };
        }

        private static void forwardBackward(SequenceMixer mixer, Tensor x, Tensor gradient) {
            try (PointerScope _ = new PointerScope(); AutoGradMode _ = new AutoGradMode(true)) {
                mixer.zero_grad(true);
                Tensor leaf = x.detach().requires_grad_(true);
                mixer.forward(leaf, MixerContext.plain()).mul(gradient).sum().backward();
            }
        }
    }

    private static double millis(Runnable work) {
        long begin = System.nanoTime();
        work.run();
        return (System.nanoTime() - begin) / 1e6;
    }

    private static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
