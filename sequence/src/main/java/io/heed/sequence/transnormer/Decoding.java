package io.heed.sequence.transnormer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerState;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Seeds;

/** What a decoded token costs by its position, and what becomes of a state that is not decayed as it goes. */
final class Decoding {
    private static final int CHUNK = 512;
    /** Tokens decoded before any is timed, so that the first position does not pay for compilation. */
    private static final int WARM_UP = 1500;

    private Decoding() { }

    /**
     * One position.
     *
     * @param position tokens decoded before
     * @param micros   median time of a token
     * @param bytes    of the state
     */
    record Cost(int position, double micros, long bytes) { }

    /**
     * Costs of single tokens at the given positions, timed in turns, so that a slow moment of the machine falls on all.
     */
    static List<Cost> costs(SequenceMixer mixer, MixerConfig config, int[] positions, int tokens) {
        mixer.eval();
        MixerState[] states = new MixerState[positions.length];
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            for (int p = 0; p < states.length; p++) {
                states[p] = mixer.state(1);
                fill(mixer, states[p], positions[p], config.width());
            }
            Tensor token = torch.randn(1, config.width());
            try (MixerState other = mixer.state(1)) {
                for (int i = 0; i < WARM_UP; i++) {
                    micros(mixer, token, other);
                }
            }
            long[] bytes = Arrays.stream(states).mapToLong(MixerState::bytes).toArray();
            double[][] times = new double[states.length][tokens];
            for (int i = -tokens / 4; i < tokens; i++) {
                for (int p = 0; p < states.length; p++) {
                    times[p][Math.max(i, 0)] = micros(mixer, token, states[p]);
                }
            }
            List<Cost> costs = new ArrayList<>();
            for (int p = 0; p < states.length; p++) {
                Arrays.sort(times[p]);
                costs.add(new Cost(positions[p], times[p][tokens / 2], bytes[p]));
            }
            return costs;
        } finally {
            Arrays.stream(states).filter(Objects::nonNull).forEach(MixerState::close);
        }
    }

    private static void fill(SequenceMixer mixer, MixerState state, int position, long width) {
        while (state.position() < position) {
            try (PointerScope _ = new PointerScope()) {
                mixer.prefill(torch.randn(1, Math.min(CHUNK, position - state.position()), width), state);
            }
        }
    }

    private static double micros(SequenceMixer mixer, Tensor token, MixerState state) {
        long begin = System.nanoTime();
        try (PointerScope _ = new PointerScope()) {
            mixer.step(token, state);
        }
        return (System.nanoTime() - begin) / 1e3;
    }

    /**
     * How two float32 states of one head did over a stream.
     *
     * @param firstLost   the first position at which the state without decay gave a number that is not finite; -1 for
     *                    never
     * @param robustError largest error of the decayed state's outputs against float64, relative to the largest output
     */
    record Stability(int firstLost, double robustError) { }

    /**
     * Decodes {@code length} random tokens of a head of width 8 with decay rate {@code rate}: once with the sum of
     * exp(rate j) k_j v_j^T, read by exp(-rate t) q_t, which is the same in exact arithmetic, and once with the decayed
     * state.
     */
    static Stability stability(int length, double rate) {
        int d = 8;
        SplittableRandom random = Seeds.random(0, "decoding", 0);
        float[] naive = new float[d * d];
        float[] robust = new float[d * d];
        double[] exact = new double[d * d];
        float lambda = (float) Math.exp(-rate);
        int lost = -1;
        double error = 0;
        double largest = 0;
        for (int t = 0; t < length; t++) {
            float[] q = normal(random, d);
            float[] k = normal(random, d);
            float[] v = normal(random, d);
            float grown = (float) Math.exp(rate * t);
            float shrunk = (float) Math.exp(-rate * t);
            for (int e = 0; e < d; e++) {
                float naiveOut = 0;
                float robustOut = 0;
                double exactOut = 0;
                for (int c = 0; c < d; c++) {
                    int at = c * d + e;
                    naive[at] += grown * k[c] * v[e];
                    robust[at] = lambda * robust[at] + k[c] * v[e];
                    exact[at] = Math.exp(-rate) * exact[at] + (double) k[c] * v[e];
                    naiveOut += shrunk * q[c] * naive[at];
                    robustOut += q[c] * robust[at];
                    exactOut += q[c] * exact[at];
                }
                lost = lost < 0 && !Float.isFinite(naiveOut) ? t : lost;
                error = Math.max(error, Math.abs(robustOut - exactOut));
                largest = Math.max(largest, Math.abs(exactOut));
            }
        }
        return new Stability(lost, error / largest);
    }

    private static float[] normal(SplittableRandom random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
