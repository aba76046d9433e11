package io.heed.sequence.cab;

import java.util.EnumMap;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

/**
 * Which patterns a mixer serves, by the benchmark's own tests and not by its word: 50 queries, 100 tokens of memory.
 *
 * @param mixer   its id
 * @param results by pattern
 */
record PatternSupport(String mixer, Map<Pattern, Result> results) {
    /** What a test found. */
    enum Result {
        /** It says that it serves the pattern, and the test agrees. */
        SERVES,
        /** It says that it serves the pattern, and the test does not agree. */
        FAILS,
        /** It does not claim to. */
        NONE
    }

    private static final int QUERIES = 50;
    private static final int MEMORY = 100;
    private static final long WIDTH = 32;
    private static final int HEADS = 2;
    /** Largest sum of differences over the channels of one output. */
    private static final double TOLERANCE = 1e-4;

    static PatternSupport of(MixerKind kind) {
        Map<Pattern, Result> results = new EnumMap<>(Pattern.class);
        for (Pattern pattern : Pattern.values()) {
            try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
                Seeds.seedTorch(0, "pattern support", 0);
                results.put(pattern, kind.patterns().contains(pattern) ? test(kind, pattern) : Result.NONE);
            }
        }
        return new PatternSupport(kind.id(), results);
    }

    boolean serves(Pattern pattern) {
        return results.get(pattern) == Result.SERVES;
    }

    private static Result test(MixerKind kind, Pattern pattern) {
        SequenceMixer mixer =
                kind.build(MixerConfig.of(WIDTH, HEADS).withCausal(pattern.isCausal()).withLength(MEMORY));
        mixer.eval();
        if (!mixer.patterns().contains(pattern)) {
            return Result.FAILS;
        }
        Tensor x = torch.randn(1, QUERIES, WIDTH);
        Tensor memory = torch.randn(1, MEMORY, WIDTH);
        MixerContext context = pattern.isCross() ? MixerContext.plain().withMemory(memory, null) : MixerContext.plain();
        Tensor y = mixer.forward(x, context);
        boolean held = torch.isfinite(y).all().item_bool();
        if (pattern.isCausal()) {
            held &= prefixesAgree(mixer, x, context, y) && stepsAgree(mixer, x, context, y);
        }
        if (pattern.isCross()) {
            Tensor changed = Ops.cat(1, memory.narrow(1, 0, MEMORY - 1), torch.randn(1, 1, WIDTH));
            held &= differs(mixer.forward(x, MixerContext.plain().withMemory(changed, null)), y);
        } else if (!pattern.isCausal()) {
            Tensor changed = Ops.cat(1, x.narrow(1, 0, QUERIES - 1), torch.randn(1, 1, WIDTH));
            held &= differs(mixer.forward(changed, context).narrow(1, QUERIES / 2, 10), y.narrow(1, QUERIES / 2, 10))
                    || differs(mixer.forward(changed, context).narrow(1, QUERIES - 2, 1), y.narrow(1, QUERIES - 2, 1));
        }
        return held ? Result.SERVES : Result.FAILS;
    }

    private static boolean differs(Tensor one, Tensor other) {
        return Ops.largestDifference(one, other) > 1e-9;
    }

    /** Output i of the whole is that of the queries up to i, for the second half. */
    private static boolean prefixesAgree(SequenceMixer mixer, Tensor x, MixerContext context, Tensor y) {
        return largestPrefixDifference(mixer, x, context, y) <= TOLERANCE;
    }

    /** The largest sum of differences over the channels of output i, between the whole and the queries up to i. */
    static double largestPrefixDifference(SequenceMixer mixer, Tensor x, MixerContext context, Tensor y) {
        double largest = 0;
        for (long i = QUERIES / 2; i < QUERIES; i++) {
            try (PointerScope _ = new PointerScope()) {
                Tensor prefix = mixer.forward(x.narrow(1, 0, i + 1), context);
                largest = Math.max(largest, prefix.select(1, i).sub(y.select(1, i)).abs().sum().item_double());
            }
        }
        return largest;
    }

    private static boolean stepsAgree(SequenceMixer mixer, Tensor x, MixerContext context, Tensor y) {
        try (MixerState state = mixer.state(1, context)) {
            double largest = 0;
            for (long i = 0; i < QUERIES; i++) {
                Tensor step = mixer.step(x.select(1, i), state);
                largest = Math.max(largest, step.sub(y.select(1, i)).abs().sum().item_double());
            }
            return largest <= TOLERANCE;
        }
    }
}
