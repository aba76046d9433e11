package io.heed.kernels;

import java.util.Arrays;

/** One token of every head: reads and writes each state once. */
final class TaylorStep {
    private static final Scratch TURNED = new Scratch();
    private static final Scratch QUERY = new Scratch();
    private static final Scratch KEY = new Scratch();
    private static final Scratch VALUE = new Scratch();
    private static final Scratch OUT = new Scratch();
    /** Floats of state below which waking threads costs more than it saves. */
    private static final long SMALL = 32_768;

    private TaylorStep() { }

    static void run(TaylorAttention.Input input, Rows out, float epsilon) {
        Rows state = input.initial();
        int heads = state.batch() * state.heads();
        if ((long) heads * state.rows() * state.width() < SMALL) {
            for (int head = 0; head < heads; head++) {
                head(head, input, out, epsilon);
            }
        } else {
            Workers.run(heads, head -> head(head, input, out, epsilon));
        }
    }

    private static void head(int head, TaylorAttention.Input input, Rows to, float epsilon) {
        Rows state = input.initial();
        int b = head / state.heads();
        int h = head % state.heads();
        int features = state.rows();
        int width = state.width();
        float[] q = features(input.q(), b, h, QUERY.atLeast(features * Lanes.COUNT));
        float[] k = features(input.k(), b, h, KEY.atLeast(features * Lanes.COUNT));
        float[] v = VALUE.atLeast(Panels.padded(width));
        Rows values = input.v();
        Panels.read(values.data(), values.offset(b, h, 0), values.rowStride(), 1, values.width(), v, 0,
                Panels.padded(width));
        v[width - 1] = 1; // the denominator's column
        float[] out = OUT.atLeast(Panels.padded(width));
        Arrays.fill(out, 0, Panels.padded(width), 0);
        for (int p = 0; p < features; p++) {
            LinearStep.row(state.data(), state.offset(b, h, p) * Float.BYTES, width, 1, k[p * Lanes.COUNT],
                    q[p * Lanes.COUNT], v,
                    out);
        }
        float normalizer = out[width - 1] + epsilon;
        for (int i = 0; i < width - 1; i++) {
            out[i] /= normalizer;
        }
        Panels.write(out, 0, width, 1, width - 1, to.data(), to.offset(b, h, 0), to.rowStride());
    }

    /** phi of one token: feature p at p times the lanes of a vector. */
    private static float[] features(Rows from, int b, int h, float[] phi) {
        int width = from.width();
        float[] row = OUT.atLeast(width);
        Panels.read(from.data(), from.offset(b, h, 0), from.rowStride(), 1, width, row, 0, width);
        float[] turned = TURNED.atLeast(width * Lanes.COUNT);
        Panels.transpose(row, 0, width, 1, width, turned, 0, Lanes.COUNT);
        new TaylorFeatures(width, Lanes.COUNT).map(turned, phi, Lanes.COUNT);
        return phi;
    }
}
