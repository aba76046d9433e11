package io.heed.bench;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

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
 * less is worse. All lengths of a mixer are measured together, in
 * turns.
 */
final class MixerBenches {
    private static final int WIDTH = 64;
    private static final int HEADS = 4;
    private static final int BASE = 4096;
    private static final int[] LENGTHS = {1024, 16384, 65536};
    /** The lengths run the same code, so that what warms one warms all. */
    private static final long WARM_UP_NANOS = 400_000_000L;
    private static final double MOST_SECONDS = 3;

    private MixerBenches() { }

    static List<BenchCase> all() {
        List<BenchCase> cases = new ArrayList<>();
        for (MixerKind kind : Mixers.all()) {
            if (kind.cost() != Cost.QUADRATIC && kind.patterns().contains(Pattern.CAUSAL_SELF)) {
                for (boolean backward : new boolean[] {false, true}) {
                    Growth growth = new Growth(kind, backward);
                    for (int length : LENGTHS) {
                        cases.add(new AtLength(growth, length));
                    }
                }
            }
        }
        return cases;
    }

    /** One mixer at one length. */
    private record AtLength(Growth growth, int length) implements BenchCase {
        @Override
        public String bench() {
            return growth.name();
        }

        @Override
        public String shape() {
            return "1x" + length + "x" + WIDTH;
        }

        @Override
        public BenchResult measure() {
            double allowed = growth.millis(BASE) * length / BASE;
            double taken = growth.millis(length);
            return new BenchResult(bench(), shape(), taken, "the time per token at " + BASE, allowed,
                    allowed / taken, Floors.growth(growth.kind.cost(), length).orElse(Double.NaN));
        }
    }

    /** One mixer at all lengths, forward alone or with the backward pass; measured when the first time is asked for. */
    private static final class Growth {
        private final MixerKind kind;
        private final boolean backward;
        private Map<Integer, Double> millis;

        Growth(MixerKind kind, boolean backward) {
            this.kind = kind;
            this.backward = backward;
        }

        String name() {
            return "mixer-cost " + kind.id() + (backward ? " forward-backward" : " forward");
        }

        double millis(int length) {
            if (millis == null) {
                millis = measured();
            }
            return millis.get(length);
        }

        private Map<Integer, Double> measured() {
            try (PointerScope _ = new PointerScope()) {
                int[] lengths = IntStream.concat(IntStream.of(BASE), IntStream.of(LENGTHS)).toArray();
                double[] medians = Timing.medians(WARM_UP_NANOS, MOST_SECONDS,
                        IntStream.of(lengths).mapToObj(this::work).toArray(Runnable[]::new));
                Map<Integer, Double> byLength = new HashMap<>();
                for (int i = 0; i < lengths.length; i++) {
                    byLength.put(lengths[i], medians[i]);
                }
                return byLength;
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
}
