package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** One token of every head: reads and writes each state once, which is what a step costs. */
final class LinearStep {
    private static final VectorSpecies<Float> SPECIES = Lanes.FLOAT;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int LANES = Lanes.COUNT;
    private static final Scratch KEY = new Scratch();
    private static final Scratch QUERY = new Scratch();
    private static final Scratch VALUE = new Scratch();
    private static final Scratch OUT = new Scratch();
    /** Floats of state below which waking threads costs more than it saves. */
    private static final long SMALL = 32_768;

    private LinearStep() { }

    static void run(LinearAttention.Input input, LinearAttention.Output output, LinearAttentionSpec spec) {
        Rows state = output.last();
        int heads = state.batch() * state.heads();
        if ((long) heads * state.rows() * state.width() < SMALL) {
            for (int head = 0; head < heads; head++) {
                head(head, input, output, spec);
            }
        } else {
            Workers.run(heads, head -> head(head, input, output, spec));
        }
    }

    private static void head(int head, LinearAttention.Input input, LinearAttention.Output output,
            LinearAttentionSpec spec) {
        Rows state = output.last();
        int b = head / state.heads();
        int h = head % state.heads();
        int width = state.width();
        int padded = Panels.padded(width);
        float[] q = QUERY.atLeast(state.rows());
        float[] k = KEY.atLeast(state.rows());
        float[] v = VALUE.atLeast(padded);
        float[] out = OUT.atLeast(padded);
        read(input.q(), b, h, q, state.rows());
        if (LinearChunk.exists(spec.padding(), b, 1, 0)) {
            read(input.k(), b, h, k, state.rows());
            read(input.v(), b, h, v, padded);
        } else {
            Arrays.fill(k, 0, state.rows(), 0);
            Arrays.fill(v, 0, padded, 0);
        }
        Panels.scale(q, 0, state.rows(), spec.scale());
        Arrays.fill(out, 0, padded, 0);
        float decay = (float) Math.exp(-(double) spec.decay(h));
        for (int i = 0; i < state.rows(); i++) {
            row(state.data(), state.offset(b, h, i) * Float.BYTES, width, decay, k[i], q[i], v, out);
        }
        Rows to = output.out();
        Panels.write(out, 0, padded, 1, width, to.data(), to.offset(b, h, 0), to.rowStride());
    }

    private static void read(Rows from, int b, int h, float[] to, int row) {
        Panels.read(from.data(), from.offset(b, h, 0), from.rowStride(), 1, from.width(), to, 0, row);
    }

    /** Row i of S: S_i = decay S_i + k_i v, o += q_i S_i. */
    static void row(MemorySegment state, long at, int width, float decay, float key, float query, float[] v,
            float[] out) {
        int j = 0;
        for (; j <= width - LANES; j += LANES) {
            FloatVector s = FloatVector.fromMemorySegment(SPECIES, state, at + (long) j * Float.BYTES, ORDER)
                    .mul(decay);
            s = FloatVector.fromArray(SPECIES, v, j).fma(FloatVector.broadcast(SPECIES, key), s);
            s.intoMemorySegment(state, at + (long) j * Float.BYTES, ORDER);
            s.fma(FloatVector.broadcast(SPECIES, query), FloatVector.fromArray(SPECIES, out, j)).intoArray(out, j);
        }
        for (; j < width; j++) {
            float s = state.get(ValueLayout.JAVA_FLOAT, at + (long) j * Float.BYTES) * decay;
            s = Math.fma(v[j], key, s);
            state.set(ValueLayout.JAVA_FLOAT, at + (long) j * Float.BYTES, s);
            out[j] = Math.fma(s, query, out[j]);
        }
    }
}
