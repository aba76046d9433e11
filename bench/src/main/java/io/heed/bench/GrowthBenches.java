package io.heed.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerSpec;
import io.heed.sequence.Mixers;
import io.heed.sequence.SequenceMixer;

/**
 * The time of mixers that claim to be linear in the sequence length, at 1k to 64k tokens, forward and with the backward
 * pass. The ratio is the time of a token at 4k over that at 64k: 1 is linear, less is growth.
 */
final class GrowthBenches {
    private static final int[] LENGTHS = {1024, 4096, 16_384, 65_536};
    private static final int BASE = 1; // index of 4096
    private static final int WIDTH = 64;
    private static final int HEADS = 2;
    private static final int ROUNDS = 3;
    private static final int WARM_UP = 8;
    private static final List<String> LINEAR = List.of("lightning-attention", "aaren", "linear-attention",
            "normalised-attention", "gated-attention", "s6", "ssd", "mamba", "qlstm", "rg-lru", "local-attention",
                    "flowformer",
            "based", "rwkv");

    private GrowthBenches() { }

    static List<BenchCase> all() {
        List<BenchCase> cases = new ArrayList<>();
        for (String mixer : LINEAR) {
            cases.add(new Growth(mixer, false));
            cases.add(new Growth(mixer, true));
        }
        return cases;
    }

    /**
     * One mixer.
     *
     * @param mixer    its id
     * @param backward whether the backward pass is timed too
     */
    private record Growth(String mixer, boolean backward) implements BenchCase {
        @Override
        public String bench() {
            return backward ? "growth-forward-backward" : "growth-forward";
        }

        @Override
        public String shape() {
            return mixer;
        }

        @Override
        public BenchResult measure() {
            double[] millis = new double[LENGTHS.length];
            torch.manual_seed(0);
            try (PointerScope _ = new PointerScope(); AutoGradMode _ = new AutoGradMode(backward)) {
                SequenceMixer built = Mixers.build(MixerSpec.parse(mixer), MixerConfig.of(WIDTH, HEADS)
                        .withLength(LENGTHS[LENGTHS.length - 1]));
                built.eval();
                for (int i = 0; i < WARM_UP; i++) { // the optimising compiler has to meet the kernels
                    pass(built, LENGTHS[BASE]);
                }
                // rounds go through all lengths, so that a slow moment of the machine hits all alike
                double[][] rounds = new double[LENGTHS.length][ROUNDS];
                for (int round = 0; round < ROUNDS; round++) {
                    for (int i = 0; i < LENGTHS.length; i++) {
                        rounds[i][round] = pass(built, LENGTHS[i]);
                    }
                }
                for (int i = 0; i < LENGTHS.length; i++) {
                    Arrays.sort(rounds[i]);
                    millis[i] = rounds[i][ROUNDS / 2];
                }
            }
            int last = LENGTHS.length - 1;
            double linear = millis[BASE] * LENGTHS[last] / LENGTHS[BASE];
            String times = String.format(Locale.ROOT, "16 x N = 4k; at 1k %.1f ms, 4k %.1f, 16k %.1f, 64k %.1f",
                    millis[0], millis[1], millis[2], millis[3]);
            return new BenchResult(bench(), shape(), millis[last], times, linear, linear / millis[last],
                    Floors.of(bench(), shape()).orElse(Double.NaN));
        }

        /** Milliseconds of one pass over a sequence of {@code length} tokens. */
        private double pass(SequenceMixer built, int length) {
            try (PointerScope _ = new PointerScope()) {
                Tensor x = torch.randn(1, length, WIDTH).requires_grad_(backward);
                long begin = System.nanoTime();
                Tensor y = built.forward(x, MixerContext.plain());
                if (backward) {
                    y.sum().backward();
                }
                return (System.nanoTime() - begin) / 1e6;
            }
        }
    }
}
