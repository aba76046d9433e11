package io.heed.train;

/**
 * Learning rate over a run: linear warm-up to the peak, then half a cosine down to a share of the peak.
 *
 * @param peak       largest rate, reached at step {@code warmup}
 * @param warmup     steps of linear warm-up; 0 starts at the peak
 * @param steps      length of the run
 * @param finalShare rate at the end as a share of the peak; 1 keeps the rate constant after warm-up
 */
public record Schedule(double peak, long warmup, long steps, double finalShare) {
    /** Rate of the update with number {@code index}, from 0: {@code peak * (index + 1) / warmup} while warming up. */
    public double rate(long index) {
        if (index < warmup) {
            return peak * (index + 1) / warmup;
        }
        double progress = Math.min(1, (double) (index - warmup) / Math.max(1, steps - warmup));
        return peak * (finalShare + (1 - finalShare) * 0.5 * (1 + Math.cos(Math.PI * progress)));
    }
}
