package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * A gated recurrence with one state a channel, h_t = a_t h_{t-1} + x_t: what gated RNNs without hidden-to-gate weights
 * and real-gated units reduce to. A gate of 1 and an input of 0 leave the state as it is.
 *
 * <p>Tasks are blocks of channels of one sequence or head, cut by the shapes alone.
 */
public final class DiagonalScan {
    private static final VectorSpecies<Float> SPECIES = Lanes.FLOAT;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int LANES = Lanes.COUNT;
    private static final Scratch BEFORE = new Scratch();
    private static final Scratch GRADIENTS = new Scratch();

    private DiagonalScan() { }

    /**
     * Scans all sequences and heads.
     *
     * @param gates   a, (B, H, N, d)
     * @param inputs  x, (B, H, N, d)
     * @param initial the state before the first token, (B, H, 1, d), or null for 0
     * @param states  h, (B, H, N, d), overwritten
     * @throws IllegalArgumentException when one is missing or shapes disagree
     */
    public static void forward(Rows gates, Rows inputs, Rows initial, Rows states) {
        check(gates, inputs, initial);
        Arguments.required("states", states);
        Arguments.shape("states", states, gates.batch(), gates.heads(), gates.rows(), gates.width());
        forEachBlock(gates, (b, h, column) ->
                forward(gates, inputs, states, b, h, column, before(initial, b, h, column)));
    }

    private static void forward(Rows gates, Rows inputs, Rows states, int b, int h, int column, float[] before) {
        VectorMask<Float> mask = SPECIES.indexInRange(column, gates.width());
        FloatVector state = FloatVector.fromArray(SPECIES, before, 0);
        for (int t = 0; t < gates.rows(); t++) {
            state = load(gates, b, h, t, column, mask).fma(state, load(inputs, b, h, t, column, mask));
            store(state, states, b, h, t, column, mask);
        }
    }

    /** One vector of the state before the first token; an array, since a vector given to a method may be an object. */
    private static float[] before(Rows initial, int b, int h, int column) {
        float[] before = BEFORE.atLeast(LANES);
        Arrays.fill(before, 0, LANES, 0);
        if (initial != null) {
            MemorySegment.copy(initial.data(), ValueLayout.JAVA_FLOAT_UNALIGNED,
                    (initial.offset(b, h, 0) + column) * Float.BYTES, before, 0,
                    Math.min(LANES, initial.width() - column));
        }
        return before;
    }

    /**
     * Gradients: with g_t that of h_t in all, g_t = dh_t + a_{t+1} g_{t+1}, dx_t = g_t, da_t = g_t h_{t-1}.
     *
     * @param states          h of the forward scan
     * @param gradient        with respect to h, (B, H, N, d)
     * @param gateGradient    (B, H, N, d), or null where not wanted
     * @param inputGradient   (B, H, N, d), or null where not wanted
     * @param initialGradient (B, H, 1, d), or null where not wanted
     * @throws IllegalArgumentException when one is missing or shapes disagree
     */
    public static void backward(Rows gates, Rows initial, Rows states, Rows gradient, Rows gateGradient,
                                Rows inputGradient, Rows initialGradient) {
        Arguments.required("states", states);
        Arguments.required("gradient", gradient);
        check(gates, states, initial);
        check(gates, gradient, initialGradient);
        Arguments.shape("gate gradient", gateGradient, gates.batch(), gates.heads(), gates.rows(), gates.width());
        Arguments.shape("input gradient", inputGradient, gates.batch(), gates.heads(), gates.rows(), gates.width());
        forEachBlock(gates, (b, h, column) -> backward(gates, states, gradient, gateGradient, inputGradient,
                initialGradient, b, h, column, before(initial, b, h, column)));
    }

    /** One block of channels: g in scratch first, so that no loop holds a choice. */
    private static void backward(Rows gates, Rows states, Rows gradient, Rows gateGradient, Rows inputGradient,
            Rows initialGradient, int b, int h, int column, float[] before) {
        int rows = gates.rows();
        float[] g = GRADIENTS.atLeast(Math.multiplyExact(rows + 1, LANES));
        recur(gates, gradient, b, h, column, g);
        if (inputGradient != null) {
            write(g, LANES, rows, inputGradient, b, h, column);
        }
        if (gateGradient != null && rows > 0) {
            store(FloatVector.fromArray(SPECIES, g, LANES).mul(FloatVector.fromArray(SPECIES, before, 0)),
                    gateGradient, b, h, 0, column, SPECIES.indexInRange(column, gates.width()));
            toGates(g, states, gateGradient, b, h, column);
        }
        if (initialGradient != null) {
            write(g, 0, 1, initialGradient, b, h, column);
        }
    }

    /** g_t in row t + 1, and what reaches the initial state in row 0. */
    private static void recur(Rows gates, Rows gradient, int b, int h, int column, float[] g) {
        VectorMask<Float> mask = SPECIES.indexInRange(column, gates.width());
        FloatVector carried = FloatVector.zero(SPECIES);
        for (int t = gates.rows() - 1; t >= 0; t--) {
            FloatVector all = load(gradient, b, h, t, column, mask).add(carried);
            all.intoArray(g, (t + 1) * LANES);
            carried = all.mul(load(gates, b, h, t, column, mask));
        }
        carried.intoArray(g, 0);
    }

    private static void toGates(float[] g, Rows states, Rows gateGradient, int b, int h, int column) {
        VectorMask<Float> mask = SPECIES.indexInRange(column, states.width());
        for (int t = 1; t < states.rows(); t++) {
            store(FloatVector.fromArray(SPECIES, g, (t + 1) * LANES).mul(load(states, b, h, t - 1, column, mask)),
                    gateGradient, b, h, t, column, mask);
        }
    }

    private static void write(float[] from, int at, int rows, Rows to, int b, int h, int column) {
        Panels.write(from, at, LANES, rows, Math.min(LANES, to.width() - column), to.data(),
                to.offset(b, h, 0) + column, to.rowStride());
    }

    private interface Block {
        void run(int batch, int head, int column);
    }

    private static void forEachBlock(Rows shape, Block body) {
        int blocks = (shape.width() + LANES - 1) / LANES;
        Workers.run(shape.batch() * shape.heads() * blocks, task -> {
            int head = task / blocks;
            body.run(head / shape.heads(), head % shape.heads(), task % blocks * LANES);
        });
    }

    private static FloatVector load(Rows view, int b, int h, int t, int column, VectorMask<Float> mask) {
        long at = (view.offset(b, h, t) + column) * Float.BYTES;
        return FloatVector.fromMemorySegment(SPECIES, view.data(), at, ORDER, mask);
    }

    private static void store(FloatVector x, Rows view, int b, int h, int t, int column, VectorMask<Float> mask) {
        x.intoMemorySegment(view.data(), (view.offset(b, h, t) + column) * Float.BYTES, ORDER, mask);
    }

    private static void check(Rows gates, Rows inputs, Rows initial) {
        Arguments.required("gates", gates);
        Arguments.required("inputs", inputs);
        Arguments.shape("inputs", inputs, gates.batch(), gates.heads(), gates.rows(), gates.width());
        Arguments.shape("initial", initial, gates.batch(), gates.heads(), 1, gates.width());
    }
}
