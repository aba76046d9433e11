package io.heed.bench;

import java.util.Map;
import java.util.OptionalDouble;

import io.heed.sequence.Cost;

import static java.util.Map.entry;

/** The least ratio that each measurement has to reach, by bench and shape: the one place where these numbers stand. */
final class Floors {
    private static final Map<String, Double> LEAST = Map.ofEntries(
            entry("softmax-forward 1x8x2048x64", 1.4),
            entry("softmax-forward 1x8x8192x64", 2.0),
            entry("softmax-forward 1x8x2048x64 causal", 1.5),
            entry("softmax-forward 1x8x8192x64 causal", 1.5),
            entry("softmax-backward 1x8x2048x64", 1.8),
            entry("softmax-backward 1x8x8192x64", 1.8),
            entry("softmax-backward 1x8x2048x64 causal", 1.8),
            entry("softmax-backward 1x8x8192x64 causal", 1.8),
            entry("softmax-forward 1x8x2048x128", 1.4),
            entry("softmax-forward 1x8x2048x64 4 key/value heads", 1.4),
            entry("sigmoid-forward 1x8x8192x64", 1.15),
            entry("sliding-window 1x2x16384x64 window 256", 8.0),
            entry("lightning-forward-backward 1x8x8192x64", 4.0),
            entry("lightning-constant-speed 1x8x65536x64", 0.9),
            entry("prefix-scan 1x8x16384x64", 8.0),
            entry("prefix-scan-linear 1x8x16384x64", 0.9),
            entry("selective-scan-loop 1x4096x256 16 states", 10.0),
            entry("selective-scan-log-depth 1x4096x256 16 states", 3.0),
            entry("diagonal-recurrence 1x4096x256", 2.0),
            entry("pointer-scores 64x51x51x256", 2.0),
            entry("pointer-scores 1x64x4096x256", 2.0),
            entry("edge-forward 2708 nodes 8x8", 4.0),
            entry("edge-forward WordNet 8x8", 4.0),
            entry("edge-forward-backward 2708 nodes 8x8", 3.0),
            entry("edge-forward-backward WordNet 8x8", 3.0),
            entry("neighborhood-forward 1x4x64x64x32 kernel 7", 6.0),
            entry("neighborhood-forward 1x4x64x64x32 kernel 13", 3.0),
            entry("neighborhood-forward-backward 1x4x64x64x32 kernel 7", 4.0),
            entry("neighborhood-forward-backward 1x4x64x64x32 kernel 13", 2.0),
            entry("neighborhood-area 1x4x64x64x32 kernel 13", 0.29),
            entry("gather-forward-backward 1x4x8192x64 5% blocks of 16", 5.0),
            entry("gather-forward-backward 1x4x8192x64 5% blocks of 64", 5.0),
            entry("model-decode 110M float32", 0.7),
            entry("model-decode-jlama 110M float32 native", 1.0),
            entry("model-decode-jlama 110M float32 Vector API", 1.0),
            entry("model-prefill 110M float32 256 tokens", 0.6),
            entry("decode 1x8x32768x64", 0.7));

    /** A mixer that claims O(N) may take this much more for each token at 64k tokens than at 4k. */
    private static final double MOST_GROWTH = 1.15;
    /** A fused form that gains less than this over its composed form is not worth keeping. */
    private static final double LEAST_GAIN = 2;
    private static final int LONGEST = 65536;

    private Floors() { }

    /**
     * The least ratio of what linear growth from 4k tokens allows to what a mixer of {@code cost} takes, if one is set.
     */
    static OptionalDouble growth(Cost cost, int length) {
        return cost == Cost.LINEAR && length == LONGEST ? OptionalDouble.of(1 / MOST_GROWTH) : OptionalDouble.empty();
    }

    /** The least ratio for {@code bench} at {@code shape}, if one is set. */
    static OptionalDouble of(String bench, String shape) {
        if (bench.startsWith(FormBenches.NAME)) {
            return OptionalDouble.of(LEAST_GAIN);
        }
        Double least = LEAST.get(bench + " " + shape);
        return least == null ? OptionalDouble.empty() : OptionalDouble.of(least);
    }

    /** Every bench and shape that has a floor. */
    static Iterable<String> names() {
        return LEAST.keySet();
    }
}
