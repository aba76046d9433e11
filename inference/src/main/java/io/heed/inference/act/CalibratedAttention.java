package io.heed.inference.act;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.stream.IntStream;

import io.heed.inference.attention.AttentionPolicy;
import io.heed.inference.attention.LayerShape;
import io.heed.inference.attention.PromptAttention;
import io.heed.inference.attention.TokenAttention;
import io.heed.inference.cache.SequenceCache;
import io.heed.kernels.Attention;
import io.heed.kernels.AttentionMass;
import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.kernels.Pages;
import io.heed.kernels.Rows;

/**
 * Attention whose sinks are damped while it runs. A prompt is calibrated as a whole, from its own map's column sums;
 * then each new token from the running sums. No map is stored: the fused kernel gives output and log-sum-exp, a second
 * pass the column sums, and the few sinks are gathered.
 */
public final class CalibratedAttention implements AttentionPolicy {
    /** A row with less than this outside its sinks has nowhere to hand their weight. */
    private static final double NOTHING = 1e-6;

    private final Calibration calibration;

    /** Which sinks of a sequence a head has is kept under this key. */
    private record HeadKey(CalibratedAttention policy, int layer, int head) { }

    public CalibratedAttention(Calibration calibration) {
        this.calibration = calibration;
    }

    @Override
    public boolean wantsWholePrompt() {
        return true;
    }

    /** Column sums belong to the sequence that computed its prompt. */
    @Override
    public boolean sharesPrefixes() {
        return false;
    }

    @Override
    public void prefill(PromptAttention call, int[] heads) {
        LayerShape shape = call.shape();
        if (call.first() != 0 || shape.window() != 0) {
            throw new IllegalArgumentException("act calibrates whole prompts of layers without a window of their own");
        }
        for (int head : heads) {
            RunningSinks running = running(call.sequence(), shape.layer(), head);
            Rows keys = call.keys(shape.cached(head), 1, 0, call.count());
            Rows values = call.values(shape.cached(head), 1, 0, call.count());
            calibrate(call.q(head, 1, 0, call.count()), keys, values, call.out(head, 1, 0, call.count()), shape.scale(),
                    running);
        }
    }

    private RunningSinks running(SequenceCache sequence, int layer, int head) {
        return sequence.note(new HeadKey(this, layer, head), () -> new RunningSinks(calibration));
    }

    /** All positions of one head: q, k, v and out are (1, 1, N, d). */
    void calibrate(Rows q, Rows k, Rows v, Rows out, float scale, RunningSinks running) {
        int rows = q.rows();
        MemorySegment lse = Arena.ofAuto().allocate((long) rows * Float.BYTES, 64);
        Attention.forward(q, k, v, out, lse, AttentionSpec.softmax().withScale(scale).withMask(Mask.causal()));
        float[] sums = new float[rows];
        AttentionMass.columns(q, k, lse, scale, sums);
        running.start(sums, 0, rows);
        boolean[] sinks = running.sinks();
        int kept = calibration.kept(sinks);
        int[] damped = IntStream.range(0, rows).filter(s -> sinks[s] && s != kept).toArray();
        if (damped.length > 0) {
            damp(q, k, v, out, lse, scale, damped);
        }
    }

    private void damp(Rows q, Rows k, Rows v, Rows out, MemorySegment lse, float scale, int[] damped) {
        int width = q.width();
        int rows = q.rows();
        float[] queries = read(q);
        float[] keys = read(k);
        float[] values = read(v);
        float[] outputs = read(out);
        double[] onSinks = new double[width];
        for (int i = damped[0]; i < rows; i++) {
            double mass = 0;
            Arrays.fill(onSinks, 0);
            double reference = lse.getAtIndex(ValueLayout.JAVA_FLOAT, i);
            for (int s : damped) {
                if (s > i) {
                    break;
                }
                double dot = 0;
                for (int x = 0; x < width; x++) {
                    dot += (double) queries[i * width + x] * keys[s * width + x];
                }
                double p = Math.exp(scale * dot - reference);
                mass += p;
                for (int x = 0; x < width; x++) {
                    onSinks[x] += p * values[s * width + x];
                }
            }
            if (1 - mass > NOTHING) {
                double factor = 1 + (1 - calibration.beta()) * mass / (1 - mass);
                for (int x = 0; x < width; x++) {
                    double rest = outputs[i * width + x] - onSinks[x];
                    out.data().setAtIndex(ValueLayout.JAVA_FLOAT, out.offset(0, 0, i) + x,
                            (float) (calibration.beta() * onSinks[x] + factor * rest));
                }
            }
        }
    }

    private static float[] read(Rows rows) {
        float[] copy = new float[rows.rows() * rows.width()];
        for (int i = 0; i < rows.rows(); i++) {
            MemorySegment.copy(rows.data(), ValueLayout.JAVA_FLOAT, rows.offset(0, 0, i) * Float.BYTES, copy,
                    i * rows.width(),
                    rows.width());
        }
        return copy;
    }

    @Override
    public void decode(TokenAttention call, int[] heads) {
        LayerShape shape = call.shape();
        Pages keys = call.keys();
        Pages values = call.values();
        for (int b = 0; b < call.sequences().size(); b++) {
            SequenceCache sequence = call.sequences().get(b);
            int length = sequence.length();
            float[] row = new float[length + 2 * 16];
            for (int head : heads) {
                int at = (b * shape.heads() + head) * shape.width();
                AttentionMass.row(call.queries(), at, keys, b, shape.cached(head), length, shape.scale(), row);
                RunningSinks running = running(sequence, shape.layer(), head);
                running.add(row);
                running.calibrate(row, running.sinks());
                AttentionMass.weighted(row, values, b, shape.cached(head), length, call.outputs(), at);
            }
        }
    }

    @Override
    public String toString() {
        return "act:beta=" + calibration.beta() + "," + (calibration.rule() == Calibration.Rule.FIXED ? "threshold="
                : "alpha=")
                + calibration.threshold();
    }
}
