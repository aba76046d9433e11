package io.heed.sequence.flowformer;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerSpec;
import io.heed.sequence.Mixers;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.Timings;

/** Seconds of one layer's forward pass over one sequence. */
final class FlowSpeed {
    private static final int[] LENGTHS = {1024, 4096, 16_384};
    private static final MixerConfig CONFIG = MixerConfig.of(64, 4);

    /** At one length: flow attention, its causal form, softmax attention. */
    record Row(int length, double flow, double causalFlow, double softmax) { }

    private FlowSpeed() { }

    static List<Row> measure(int rounds) {
        List<Row> rows = new ArrayList<>();
        try (PointerScope _ = new PointerScope()) {
            SequenceMixer flow = Mixers.build(MixerSpec.parse("flowformer"), CONFIG.withCausal(false));
            SequenceMixer causal = Mixers.build(MixerSpec.parse("flowformer"), CONFIG);
            SequenceMixer softmax = Mixers.build(MixerSpec.parse("softmax"), CONFIG.withCausal(false));
            for (int length : LENGTHS) {
                Tensor x = torch.randn(1, length, CONFIG.width());
                double[] seconds = Timings.medians(rounds, forward(() -> flow.forward(x, MixerContext.plain())),
                        forward(() -> causal.forward(x, MixerContext.plain())),
                        forward(() -> softmax.forward(x, MixerContext.plain())));
                rows.add(new Row(length, seconds[0], seconds[1], seconds[2]));
            }
        }
        return rows;
    }

    private static Runnable forward(Supplier<Tensor> mixer) {
        return () -> {
            try (NoGradGuard _ = new NoGradGuard()) {
                mixer.get();
            }
        };
    }

    /** The exponent of time over length, from the first length to the last. */
    static double slope(List<Row> rows, ToDoubleFunction<Row> seconds) {
        Row first = rows.getFirst();
        Row last = rows.getLast();
        return Math.log(seconds.applyAsDouble(last) / seconds.applyAsDouble(first))
                / Math.log((double) last.length() / first.length());
    }
}
