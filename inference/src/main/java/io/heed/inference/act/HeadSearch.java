package io.heed.inference.act;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.ToDoubleFunction;

import io.heed.inference.attention.AttentionPlan;

/**
 * Head filtering: which heads get better when their sinks are damped. Each allowed head is calibrated alone and
 * measured on a calibration set, delta(l, h) = quality(l, h) - quality(none); the heads with a positive delta are the
 * ones to calibrate.
 */
public final class HeadSearch {
    /** A head and what calibrating it alone gains. */
    public record Gain(int layer, int head, double delta) { }

    private HeadSearch() { }

    /**
     * Whether a layer may be calibrated: not the first two, nor the last.
     *
     * @param layers of the model
     */
    public static boolean isAllowed(int layer, int layers) {
        return layer >= 2 && layer <= layers - 2;
    }

    /**
     * Measures every allowed head: one measurement each, and one without calibration.
     *
     * @param dense    the plan without calibration
     * @param layers   that may be calibrated
     * @param heads    H
     * @param quality  of a plan on the calibration set; more is better
     * @param progress told how many heads are measured
     * @return all gains, the largest first
     */
    public static List<Gain> search(AttentionPlan dense, int[] layers, int heads, Calibration calibration,
            ToDoubleFunction<AttentionPlan> quality, IntConsumer progress) {
        double without = quality.applyAsDouble(dense);
        List<Gain> gains = new ArrayList<>();
        for (int layer : layers) {
            for (int head = 0; head < heads; head++) {
                AttentionPlan plan = dense.with(layer, new CalibratedAttention(calibration), head);
                gains.add(new Gain(layer, head, quality.applyAsDouble(plan) - without));
                progress.accept(gains.size());
            }
        }
        gains.sort(Comparator.comparingDouble(Gain::delta).reversed());
        return gains;
    }

    /** The plan that calibrates the heads with a positive delta. */
    public static AttentionPlan apply(AttentionPlan dense, List<Gain> gains, Calibration calibration) {
        CalibratedAttention policy = new CalibratedAttention(calibration);
        AttentionPlan plan = dense;
        for (Gain gain : gains) {
            if (gain.delta() > 0) {
                plan = plan.with(gain.layer(), policy, gain.head());
            }
        }
        return plan;
    }
}
