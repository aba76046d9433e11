package io.heed.cli.compare;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;

import io.heed.cli.output.Figures;

/** What a comparison found, in a sentence or two made from its numbers. */
final class Headline {
    private Headline() { }

    /** The sentence. */
    static String of(ComparisonResult result) {
        List<MixerResult> ranked = result.ranked();
        MixerResult best = ranked.getFirst();
        String after = "After " + Figures.count(result.steps()) + (result.steps() == 1 ? " step" : " steps");
        if (ranked.size() == 1) {
            return after + " on " + result.data() + ", " + best.mixer() + " reaches " + quality(result, best) + ", at "
                    + Figures.count(best.tokensPerSecond().mean()) + " " + result.unit() + "/s.";
        }
        return after + " on " + result.data() + ", " + first(result, ranked) + " " + fastest(result, ranked)
                + smallest(ranked);
    }

    private static String first(ComparisonResult result, List<MixerResult> ranked) {
        MixerResult best = ranked.getFirst();
        MixerResult second = ranked.get(1);
        MixerResult last = ranked.getLast();
        double gap = Math.abs(best.value().mean() - second.value().mean());
        // Less than one standard deviation of either: another seed might turn the order round.
        boolean tied = gap <= Math.max(best.value().spread(), second.value().spread())
                || Figures.quality(best.value().mean()).equals(Figures.quality(second.value().mean()));
        String ends = last == second ? "" : "; " + last.mixer() + " is last with "
                + Figures.quality(last.value().mean());
        if (tied) {
            return best.mixer() + " and " + second.mixer() + " are level at " + quality(result, best) + ends + ".";
        }
        return best.mixer() + " is best with " + quality(result, best) + ", ahead of " + second.mixer() + " ("
                + Figures.quality(second.value().mean()) + ")" + ends + ".";
    }

    private static String fastest(ComparisonResult result, List<MixerResult> ranked) {
        List<MixerResult> bySpeed = ranked.stream()
                .sorted(Comparator.comparingDouble((MixerResult mixer) -> -mixer.tokensPerSecond().mean())).toList();
        MixerResult fastest = bySpeed.getFirst();
        MixerResult slowest = bySpeed.getLast();
        double ratio = fastest.tokensPerSecond().mean() / slowest.tokensPerSecond().mean();
        if (!(ratio >= 1.05)) {
            return "All train at about " + Figures.count(fastest.tokensPerSecond().mean()) + " " + result.unit()
                    + "/s.";
        }
        return fastest.mixer() + " trains fastest (" + Figures.count(fastest.tokensPerSecond().mean()) + " "
                + result.unit() + "/s, " + Figures.times(ratio) + " " + slowest.mixer() + ").";
    }

    private static String smallest(List<MixerResult> ranked) {
        MixerResult smallest = ranked.stream().min(Comparator.comparingLong(MixerResult::stateBytes)).orElseThrow();
        MixerResult largest = ranked.stream().max(Comparator.comparingLong(MixerResult::stateBytes)).orElseThrow();
        if (smallest.stateBytes() == largest.stateBytes()) {
            return "";
        }
        return String.format(Locale.ROOT, " To decode, %s keeps %s a sequence where %s keeps %s.", smallest.mixer(),
                Figures.bytes(smallest.stateBytes()), largest.mixer(), Figures.bytes(largest.stateBytes()));
    }

    private static String quality(ComparisonResult result, MixerResult mixer) {
        return Figures.quality(mixer.value().mean()) + " " + result.metric();
    }
}
