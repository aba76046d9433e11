package io.heed.sequence.routing;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.heed.catalog.Budget;
import io.heed.catalog.Claim;
import io.heed.catalog.Progress;
import io.heed.catalog.Report;
import io.heed.catalog.Study;
import io.heed.catalog.Verdict;
import io.heed.sequence.AttentionArms;
import io.heed.sequence.LengthScaling;

/**
 * Recall and text with local heads alone, with routed heads beside them, with groups at random, and with full
 * attention; and how the layer's time grows with the length.
 */
final class RoutingStudy implements Study {
    private static final String LOCAL = "local";
    private static final String ROUTED = "local and routed";
    private static final String RANDOM = "local and random groups";
    private static final String FULL = "full attention";
    private static final String FULL_KERNEL = "full attention, fused kernel";
    private static final Map<String, String> ARMS = arms();
    /** Points of accuracy that routing must add to local attention. */
    private static final double GAIN = 0.10;
    /** Bits per character by which routing may be behind local attention on text. */
    private static final double LEVEL = 0.01;
    /** Largest exponent of the time over the length. */
    private static final double EXPONENT = 1.7;

    private static Map<String, String> arms() {
        Map<String, String> arms = new LinkedHashMap<>();
        arms.put(LOCAL, "routing-transformer:routed-heads=0,block=8");
        arms.put(ROUTED, "routing-transformer:clusters=4,window=16,block=8,decay=0.99");
        arms.put(RANDOM, "routing-transformer:clusters=4,window=16,block=8,membership=random");
        arms.put(FULL, "softmax:positions=none");
        return arms;
    }

    @Override
    public List<Claim> claims() {
        return RoutingSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        boolean quick = budget == Budget.QUICK;
        Report.Builder report = Report.of("routing-transformer", budget).claims(claims());
        AttentionArms arms = new AttentionArms(ARMS, AttentionArms.Sizes.of(budget));
        Map<String, AttentionArms.Result> results = arms.run(progress, 0.8);
        report.table(arms.table(results));
        progress.update(0.8, "time over the length");
        Map<String, String> timed = new LinkedHashMap<>();
        timed.put(ROUTED, "routing-transformer:membership=sequence");
        timed.put(FULL_KERNEL, "softmax");
        LengthScaling times = LengthScaling.measure(timed, quick ? 3 : 9, 1024, 4096, 16_384);
        report.table(times.table()).plot(times.plot());
        report.note(arms.note()
                + " Four groups of 16 members in half of the heads, local blocks of 8 with 8 keys before"
                + " them, so that questions are beyond local reach.");
        report.note("Groups are chosen from the tokens so far, so that no arm sees later tokens; the times are of the"
                + " published rule, with C = sqrt(N). Wikitext-103 (15.8 perplexity) is beyond this budget.");
        return verdict(report, results, times);
    }

    private static Report verdict(Report.Builder report, Map<String, AttentionArms.Result> results,
                                  LengthScaling times) {
        double gain = results.get(ROUTED).recall() - results.get(LOCAL).recall();
        double overRandom = results.get(ROUTED).recall() - results.get(RANDOM).recall();
        double bits = results.get(ROUTED).bits() - results.get(LOCAL).bits();
        double routed = times.exponent(ROUTED);
        double full = times.exponent(FULL_KERNEL);
        boolean[] held = {gain >= GAIN, overRandom > 0, bits <= LEVEL, routed < EXPONENT && routed < full};
        int count = 0;
        for (boolean one : held) {
            count += one ? 1 : 0;
        }
        String reason = String.format(Locale.ROOT, "routed heads add %+.3f to the recall of local ones (%.2f wanted)"
                + " and have %+.3f over groups at random, where full attention recalls %.3f; on text %+.3f bits a"
                + " character (at most %+.2f); time grows as N^%.2f (below %.1f wanted), the fused kernel of full"
                + " attention's as N^%.2f", gain, GAIN, overRandom, results.get(FULL).recall(), bits, LEVEL, routed,
                EXPONENT, full);
        return report.verdict(count == held.length ? Verdict.Outcome.REPRODUCED
                : count > 0 ? Verdict.Outcome.PARTLY : Verdict.Outcome.NOT_REPRODUCED, reason);
    }
}
