package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The forward sweep of {@link SelectiveScan} over some blocks of channels of one sequence. */
final class SelectiveForward {
    private static final VectorSpecies<Float> SPECIES = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;
    private static final int RUN = SelectiveScan.RUN;
    private static final int GROUP = SelectiveScan.GROUP;
    private static final int STEP = GROUP * LANES;

    private static final Scratch DECAYS = new Scratch();
    private static final Scratch RATES = new Scratch();
    private static final Scratch STATE = new Scratch();
    private static final Scratch CHANNELS = new Scratch();
    private static final Scratch WRITES = new Scratch();
    private static final Scratch READS = new Scratch();
    private static final Scratch WRITTEN = new Scratch();
    private static final Scratch OUT = new Scratch();

    private SelectiveForward() { }

    static void scan(SelectiveScan.Input input, SelectiveScan.Output output, int batch, int firstBlock,
            int afterBlock) {
        int states = input.b().width();
        int padded = SelectiveScan.padded(states);
        int rows = input.u().rows();
        int size = padded * LANES;
        float[] rates = RATES.atLeast((afterBlock - firstBlock) * size);
        float[] state = STATE.atLeast((afterBlock - firstBlock) * size);
        float[] writes = WRITES.atLeast(RUN * padded);
        float[] reads = READS.atLeast(RUN * padded);
        float[] delta = CHANNELS.atLeast(RUN * LANES);
        float[] written = WRITTEN.atLeast(RUN * LANES);
        float[] out = OUT.atLeast(RUN * LANES);
        for (int block = firstBlock; block < afterBlock; block++) {
            int at = (block - firstBlock) * size;
            loadRates(input.a(), block, states, padded, rates, at);
            loadState(input.initial(), batch, block, states, padded, state, at);
        }
        for (int from = 0; from < rows; from += RUN) {
            int count = Math.min(RUN, rows - from);
            SelectiveTile.loadStates(input.b(), batch, from, count, padded, writes);
            SelectiveTile.loadStates(input.c(), batch, from, count, padded, reads);
            for (int block = firstBlock; block < afterBlock; block++) {
                int at = (block - firstBlock) * size;
                if (output.starts() != null) {
                    store(state, at, output.starts(), batch, from / RUN, block, size);
                }
                SelectiveTile.loadChannels(input.delta(), batch, from, count, block, delta);
                SelectiveTile.loadChannels(input.u(), batch, from, count, block, written);
                multiply(written, delta, count);
                Arrays.fill(out, 0, count * LANES, 0);
                sweep(input.a().width() == 1 && states > 1, delta, written, writes, reads, padded, rates, state, at,
                        out, count);
                if (output.y() != null) {
                    SelectiveTile.storeChannels(out, output.y(), batch, from, count, block);
                }
            }
        }
        if (output.last() != null) {
            for (int block = firstBlock; block < afterBlock; block++) {
                SelectiveTile.storeMatrix(state, (block - firstBlock) * size, output.last(), batch, block);
            }
        }
    }

    /** a log2(e), (padded n, lanes): the decay is then a power of two. */
    static void loadRates(Rows a, int block, int states, int padded, float[] rates, int at) {
        SelectiveTile.loadMatrix(a, 0, block, states, padded, rates, at);
        for (int i = at; i < at + padded * LANES; i++) {
            rates[i] *= Exponential.LOG2_E;
        }
    }

    private static void loadState(Rows initial, int batch, int block, int states, int padded, float[] state, int at) {
        if (initial == null) {
            Arrays.fill(state, at, at + padded * LANES, 0);
        } else {
            SelectiveTile.loadMatrix(initial, batch, block, states, padded, state, at);
        }
    }

    private static void store(float[] state, int at, Rows starts, int batch, int run, int block, int size) {
        long to = (starts.offset(batch, 0, run) + (long) block * size) * Float.BYTES;
        MemorySegment.copy(state, at, starts.data(), ValueLayout.JAVA_FLOAT_UNALIGNED, to, size);
    }

    /** x *= y. */
    static void multiply(float[] x, float[] y, int count) {
        for (int i = 0; i < count * LANES; i += LANES) {
            FloatVector.fromArray(SPECIES, x, i).mul(FloatVector.fromArray(SPECIES, y, i)).intoArray(x, i);
        }
    }

    private static void sweep(boolean shared, float[] delta, float[] written, float[] writes, float[] reads, int padded,
                              float[] rates, float[] state, int at, float[] out, int count) {
        float[] decays = DECAYS.atLeast(RUN * STEP);
        for (int s = 0; s < padded; s += GROUP) {
            // States that share a rate share the decays that the first group worked out.
            if (s == 0 || !shared) {
                decays(shared, delta, rates, at + s * LANES, decays, count);
            }
            four(decays, shared ? 0 : LANES, written, writes, reads, padded, s, state, at + s * LANES, out, count);
        }
    }

    /**
     * The decays of four states in a run, (count, GROUP, lanes), or of the first alone where all share its rate: apart
     * from the recurrence, as so many exponentials in one loop are more than the compiler inlines.
     */
    static void decays(boolean shared, float[] delta, float[] rates, int at, float[] decays, int count) {
        for (int s = 0; s < (shared ? 1 : GROUP); s++) {
            decaysOfOne(delta, rates, at + s * LANES, decays, s * LANES, count);
        }
    }

    private static void decaysOfOne(float[] delta, float[] rates, int at, float[] decays, int to, int count) {
        FloatVector rate = FloatVector.fromArray(SPECIES, rates, at);
        for (int t = 0; t < count; t++) {
            Exponential.exp2(FloatVector.fromArray(SPECIES, delta, t * LANES).mul(rate))
                    .intoArray(decays, t * STEP + to);
        }
    }

    /** Four states through a run; their decays lie {@code apart}. */
    private static void four(float[] decays, int apart, float[] written, float[] writes, float[] reads, int padded,
            int first,
                             float[] state, int at, float[] out, int count) {
        FloatVector h0 = FloatVector.fromArray(SPECIES, state, at);
        FloatVector h1 = FloatVector.fromArray(SPECIES, state, at + LANES);
        FloatVector h2 = FloatVector.fromArray(SPECIES, state, at + 2 * LANES);
        FloatVector h3 = FloatVector.fromArray(SPECIES, state, at + 3 * LANES);
        for (int t = 0; t < count; t++) {
            FloatVector x = FloatVector.fromArray(SPECIES, written, t * LANES);
            int bc = t * padded + first;
            int e = t * STEP;
            h0 = FloatVector.fromArray(SPECIES, decays, e).fma(h0, x.mul(writes[bc]));
            h1 = FloatVector.fromArray(SPECIES, decays, e + apart).fma(h1, x.mul(writes[bc + 1]));
            h2 = FloatVector.fromArray(SPECIES, decays, e + 2 * apart).fma(h2, x.mul(writes[bc + 2]));
            h3 = FloatVector.fromArray(SPECIES, decays, e + 3 * apart).fma(h3, x.mul(writes[bc + 3]));
            FloatVector y = FloatVector.fromArray(SPECIES, out, t * LANES);
            y = h0.fma(FloatVector.broadcast(SPECIES, reads[bc]), y);
            y = h1.fma(FloatVector.broadcast(SPECIES, reads[bc + 1]), y);
            y = h2.fma(FloatVector.broadcast(SPECIES, reads[bc + 2]), y);
            y = h3.fma(FloatVector.broadcast(SPECIES, reads[bc + 3]), y);
            y.intoArray(out, t * LANES);
        }
        h0.intoArray(state, at);
        h1.intoArray(state, at + LANES);
        h2.intoArray(state, at + 2 * LANES);
        h3.intoArray(state, at + 3 * LANES);
    }
}
