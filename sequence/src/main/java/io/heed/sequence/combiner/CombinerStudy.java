package io.heed.sequence.combiner;

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
 * Whether groups add to a sparse pattern at equal depth: each layout against its pattern without groups, and full
 * attention.
 */
final class CombinerStudy implements Study {
    private static final String FULL = "full attention";
    private static final String FULL_KERNEL = "full attention, fused kernel";
    private static final String FIXED = "fixed";
    private static final String SEGMENT = "own segment only";
    private static final String LOG = "log-sparse";
    private static final String POWERS = "tokens 2^l before";
    private static final Map<String, String> ARMS = arms();
    /** Bits per character by which a layout may be behind full attention. */
    private static final double LEVEL = 0.05;
    /** Largest exponent of the time over the length. */
    private static final double EXPONENT = 1.6;

    /** What the sparse partners must leave to the groups on recall, at least. */
    private static final double GAIN = 0.05;

    private static Map<String, String> arms() {
        Map<String, String> arms = new LinkedHashMap<>();
        arms.put(SEGMENT, "combiner:layout=fixed,segment=8,summaries=false");
        arms.put(FIXED, "combiner:layout=fixed,segment=8");
        arms.put(POWERS, "combiner:layout=log-sparse,summaries=false");
        arms.put(LOG, "combiner:layout=log-sparse");
        arms.put(FULL, "softmax:positions=none");
        return arms;
    }

    @Override
    public List<Claim> claims() {
        return CombinerSystem.CLAIMS;
    }

    @Override
    public Report run(Budget budget, Progress progress) {
        boolean quick = budget == Budget.QUICK;
        Report.Builder report = Report.of("combiner", budget).claims(claims());
        AttentionArms arms = new AttentionArms(ARMS, AttentionArms.Sizes.of(budget));
        Map<String, AttentionArms.Result> results = arms.run(progress, 0.8);
        report.table(arms.table(results));
        progress.update(0.8, "time over the length");
        Map<String, String> timed = new LinkedHashMap<>();
        timed.put(FIXED, "combiner");
        timed.put(LOG, "combiner:layout=log-sparse");
        timed.put("axial mixture", "combiner:layout=axial-mixture");
        timed.put("axial row-major", "combiner:layout=axial-row-major");
        timed.put(FULL_KERNEL, "softmax");
        LengthScaling times = LengthScaling.measure(timed, quick ? 3 : 9, 1024, 4096, 16_384);
        report.table(times.table()).plot(times.plot());
        report.note(arms.note() + " Segments of 8 in training, of sqrt(N) where time is measured.");
        report.note("The paper's data sets and sizes are beyond this budget; its numbers are of 12 layers of width"
                + " 768.");
        return verdict(report, results, times);
    }

    private static Report verdict(Report.Builder report, Map<String, AttentionArms.Result> results,
                                  LengthScaling times) {
        double fixedRecall = results.get(FIXED).recall() - results.get(SEGMENT).recall();
        double logRecall = results.get(LOG).recall() - results.get(POWERS).recall();
        double fixedText = results.get(FIXED).bits() - results.get(SEGMENT).bits();
        double logText = results.get(LOG).bits() - results.get(POWERS).bits();
        double behind = Math.max(results.get(FIXED).bits(), results.get(LOG).bits()) - results.get(FULL).bits();
        double slowest = times.seconds().keySet().stream().filter(name -> !name.equals(FULL_KERNEL))
                .mapToDouble(times::exponent).max().orElseThrow();
        boolean[] held = {fixedRecall > GAIN && logRecall > GAIN, fixedText < 0 && logText < 0, behind <= LEVEL,
            slowest < EXPONENT};
        int count = 0;
        for (boolean one : held) {
            count += one ? 1 : 0;
        }
        String reason = String.format(Locale.ROOT, "groups change recall by %+.3f (fixed) and %+.3f (log-sparse; more"
                + " than %.2f wanted), where full attention recalls %.3f; bits a character by %+.3f and %+.3f (fewer"
                + " wanted); the weaker is %+.3f bits behind full attention (at most %.2f); time grows as N^%.2f at"
                + " most (below %.1f wanted), the fused kernel of full attention's as N^%.2f", fixedRecall, logRecall,
                GAIN, results.get(FULL).recall(), fixedText, logText, behind, LEVEL, slowest, EXPONENT,
                times.exponent(FULL_KERNEL));
        return report.verdict(count == held.length ? Verdict.Outcome.REPRODUCED
                : count > 0 ? Verdict.Outcome.PARTLY : Verdict.Outcome.NOT_REPRODUCED, reason);
    }
}
