package io.heed.sequence.zoology;

import java.util.Optional;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.Registration;
import io.heed.tensor.Ops;

/**
 * What an implicit filter knows of a tap: z_t = [t / (L - 1), cos(f w_t), -sin(f w_t)] with w_t = 2 pi t / L and (E -
 * 1) / 2 frequencies f from 1e-4 to (E - 3) / 2.
 *
 * <p>Tensors {@code z (1, L, E)} and, if asked, {@code t (1, L, 1)}, the time from 0 to 1.
 */
final class FilterPositions extends Module {
    private static final double LOWEST_FREQUENCY = 1e-4;

    private final Tensor z;
    private final Tensor time;

    /**
     * @param length  L, taps
     * @param width   E, odd and at least 3
     * @param learned whether z is trained
     * @param timed   whether the time is kept as well
     */
    FilterPositions(int length, int width, boolean learned, boolean timed) {
        super("FilterPositions");
        if (width < 3 || width % 2 == 0) {
            throw new IllegalArgumentException("a filter's position embedding has an odd width of at least 3, got "
                    + width);
        }
        int bands = (width - 1) / 2;
        float[] rows = new float[length * width];
        float[] times = new float[length];
        for (int t = 0; t < length; t++) {
            times[t] = length == 1 ? 0 : (float) (t / (length - 1.0));
            rows[t * width] = times[t];
            for (int band = 0; band < bands; band++) {
                double share = bands == 1 ? 0 : band / (bands - 1.0);
                double frequency = LOWEST_FREQUENCY + (bands - 1 - LOWEST_FREQUENCY) * share;
                double angle = frequency * 2 * Math.PI * t / length;
                rows[t * width + 1 + band] = (float) Math.cos(angle);
                rows[t * width + 1 + bands + band] = (float) -Math.sin(angle);
            }
        }
        Tensor fresh = Ops.of(rows, 1, length, width);
        z = learned ? Registration.parameter(this, "z", fresh) : Registration.buffer(this, "z", fresh);
        time = timed ? Registration.buffer(this, "t", Ops.of(times, 1, length, 1)) : null;
    }

    /** (L, E). */
    Tensor z() {
        return z.squeeze(0);
    }

    /** (L, 1). */
    Optional<Tensor> time() {
        return Optional.ofNullable(time).map(t -> t.squeeze(0));
    }
}
