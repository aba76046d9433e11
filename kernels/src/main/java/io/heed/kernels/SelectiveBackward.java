package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The backward sweep of {@link SelectiveScan} over some blocks of channels of one sequence, from the last run of tokens
 * to the first. With g_t the gradient of h_t, A_t = exp(delta_t a) and w_t = delta_t u_t:
 *
 * <pre>
 *   g_t  = c_t dy_t + A_{t+1} g_{t+1}          l_t = g_t A_t h_{t-1}
 *   dc_t = sum_channels dy_t h_t               db_t = sum_channels g_t w_t
 *   dw_t = sum_states g_t b_t                  ddelta_t = dw_t u_t + sum_states a l_t
 *   du_t = dw_t delta_t                        da = sum_t delta_t l_t
 * </pre>
 */
final class SelectiveBackward {
    private static final VectorSpecies<Float> SPECIES = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;
    private static final int RUN = SelectiveScan.RUN;
    private static final int GROUP = SelectiveScan.GROUP;
    private static final int STEP = GROUP * LANES;

    private final SelectiveScan.Input input;
    private final Rows starts;
    private final SelectiveScan.Output gradient;
    private final SelectiveScan.Input result;
    private final int batch;
    private final int firstBlock;
    private final int afterBlock;
    private final int states;
    private final int padded;
    private final int size;
    private final boolean shared;

    // (RUN, lanes): one block of channels
    private final float[] deltas = new float[RUN * LANES];
    private final float[] inputs = new float[RUN * LANES];
    private final float[] written = new float[RUN * LANES];
    private final float[] outGradients = new float[RUN * LANES];
    private final float[] writtenGradients = new float[RUN * LANES];
    private final float[] deltaGradients = new float[RUN * LANES];
    // (RUN, GROUP, lanes): one group of states of one block
    private final float[] decays = new float[RUN * STEP];
    private final float[] history = new float[(RUN + 1) * STEP]; // before the run, then after each token
    private final float[] readProducts = new float[RUN * STEP];
    private final float[] writeProducts = new float[RUN * STEP];
    private final float[] sums = new float[RUN * GROUP + LANES];
    // (RUN, padded n)
    private final float[] writeTile;
    private final float[] readTile;
    // (blocks, padded n, lanes)
    private final float[] rates;
    private final float[] scaledRates; // a log2(e)
    private final float[] carried; // gradient of the state after the run
    private final float[] rateGradients;
    // (N, padded n): sums over this task's channels
    private final float[] reads;
    private final float[] writes;

    SelectiveBackward(SelectiveScan.Input input, Rows starts, SelectiveScan.Output gradient, SelectiveScan.Input result,
                      int batch, int firstBlock, int afterBlock) {
        this.input = input;
        this.starts = starts;
        this.gradient = gradient;
        this.result = result;
        this.batch = batch;
        this.firstBlock = firstBlock;
        this.afterBlock = afterBlock;
        states = input.b().width();
        padded = SelectiveScan.padded(states);
        size = padded * LANES;
        shared = input.a().width() == 1 && states > 1;
        int blocks = afterBlock - firstBlock;
        writeTile = new float[RUN * padded];
        readTile = new float[RUN * padded];
        rates = new float[blocks * size];
        scaledRates = new float[blocks * size];
        carried = new float[blocks * size];
        rateGradients = new float[blocks * size];
        reads = new float[Math.multiplyExact(input.u().rows(), padded)];
        writes = new float[reads.length];
    }

    /** Gradients of c, (N, padded n), of this task's channels. */
    float[] reads() {
        return reads;
    }

    /** Gradients of b, (N, padded n), of this task's channels. */
    float[] writes() {
        return writes;
    }

    /** Gradients of a, (blocks, padded n, lanes), of this task's sequence. */
    float[] rates() {
        return rateGradients;
    }

    void run() {
        for (int block = firstBlock; block < afterBlock; block++) {
            int at = (block - firstBlock) * size;
            SelectiveTile.loadMatrix(input.a(), 0, block, states, padded, rates, at);
            SelectiveForward.loadRates(input.a(), block, states, padded, scaledRates, at);
            if (gradient.last() != null) {
                SelectiveTile.loadMatrix(gradient.last(), batch, block, states, padded, carried, at);
            }
        }
        int rows = input.u().rows();
        for (int run = SelectiveScan.runs(rows) - 1; run >= 0; run--) {
            int from = run * RUN;
            int count = Math.min(RUN, rows - from);
            SelectiveTile.loadStates(input.b(), batch, from, count, padded, writeTile);
            SelectiveTile.loadStates(input.c(), batch, from, count, padded, readTile);
            for (int block = firstBlock; block < afterBlock; block++) {
                block(block, run, from, count);
            }
        }
        if (result.initial() != null) {
            for (int block = firstBlock; block < afterBlock; block++) {
                SelectiveTile.storeMatrix(carried, (block - firstBlock) * size, result.initial(), batch, block);
            }
        }
    }

    /** One run of one block of channels. */
    private void block(int block, int run, int from, int count) {
        SelectiveTile.loadChannels(input.delta(), batch, from, count, block, deltas);
        SelectiveTile.loadChannels(input.u(), batch, from, count, block, inputs);
        System.arraycopy(inputs, 0, written, 0, count * LANES);
        SelectiveForward.multiply(written, deltas, count);
        if (gradient.y() == null) {
            Arrays.fill(outGradients, 0);
        } else {
            SelectiveTile.loadChannels(gradient.y(), batch, from, count, block, outGradients);
        }
        Arrays.fill(writtenGradients, 0);
        Arrays.fill(deltaGradients, 0);
        int at = (block - firstBlock) * size;
        long start = (starts.offset(batch, 0, run) + (long) block * size) * Float.BYTES;
        for (int s = 0; s < padded; s += GROUP) {
            MemorySegment.copy(starts.data(), ValueLayout.JAVA_FLOAT_UNALIGNED, start + (long) s * LANES * Float.BYTES,
                    history, 0, STEP);
            if (s == 0 || !shared) {
                SelectiveForward.decays(shared, deltas, scaledRates, at + s * LANES, decays, count);
            }
            replay(decays, shared ? 0 : LANES, written, writeTile, padded, s, history, count);
            sweep(s, at + s * LANES, count);
            add(readProducts, reads, from, s, count);
            add(writeProducts, writes, from, s, count);
        }
        finish(count);
        if (result.u() != null) {
            SelectiveTile.storeChannels(inputs, result.u(), batch, from, count, block);
        }
        if (result.delta() != null) {
            SelectiveTile.storeChannels(deltaGradients, result.delta(), batch, from, count, block);
        }
    }

    /** The states of the run once more; decays of the four states lie {@code apart}. */
    private static void replay(float[] decays, int apart, float[] written, float[] writes, int padded, int first,
                               float[] history, int count) {
        FloatVector h0 = FloatVector.fromArray(SPECIES, history, 0);
        FloatVector h1 = FloatVector.fromArray(SPECIES, history, LANES);
        FloatVector h2 = FloatVector.fromArray(SPECIES, history, 2 * LANES);
        FloatVector h3 = FloatVector.fromArray(SPECIES, history, 3 * LANES);
        for (int t = 0; t < count; t++) {
            FloatVector x = FloatVector.fromArray(SPECIES, written, t * LANES);
            int b = t * padded + first;
            int to = t * STEP;
            h0 = FloatVector.fromArray(SPECIES, decays, to).fma(h0, x.mul(writes[b]));
            h1 = FloatVector.fromArray(SPECIES, decays, to + apart).fma(h1, x.mul(writes[b + 1]));
            h2 = FloatVector.fromArray(SPECIES, decays, to + 2 * apart).fma(h2, x.mul(writes[b + 2]));
            h3 = FloatVector.fromArray(SPECIES, decays, to + 3 * apart).fma(h3, x.mul(writes[b + 3]));
            h0.intoArray(history, to + STEP);
            h1.intoArray(history, to + STEP + LANES);
            h2.intoArray(history, to + STEP + 2 * LANES);
            h3.intoArray(history, to + STEP + 3 * LANES);
        }
    }

    /** From the last token of the run to the first, two states at a time. */
    private void sweep(int first, int at, int count) {
        for (int pair = 0; pair < GROUP; pair += 2) {
            sweepTwo(deltas, written, outGradients, writeTile, readTile, padded, first + pair, rates, carried,
                    rateGradients,
                    at + pair * LANES, decays, shared ? 0 : LANES, history, pair, readProducts, writeProducts,
                    writtenGradients,
                    deltaGradients, count);
        }
    }

    private static void sweepTwo(float[] deltas, float[] written, float[] outGradients, float[] writes, float[] reads,
                                 int padded, int first, float[] rates, float[] carried, float[] rateGradients, int at,
                                 float[] decays, int apart, float[] history, int pair, float[] readProducts,
                                 float[] writeProducts,
                                 float[] writtenGradients, float[] deltaGradients, int count) {
        FloatVector a0 = FloatVector.fromArray(SPECIES, rates, at);
        FloatVector a1 = FloatVector.fromArray(SPECIES, rates, at + LANES);
        FloatVector g0 = FloatVector.fromArray(SPECIES, carried, at);
        FloatVector g1 = FloatVector.fromArray(SPECIES, carried, at + LANES);
        FloatVector sum0 = FloatVector.fromArray(SPECIES, rateGradients, at);
        FloatVector sum1 = FloatVector.fromArray(SPECIES, rateGradients, at + LANES);
        for (int t = count - 1; t >= 0; t--) {
            int here = t * STEP + pair * LANES;
            int decay = t * STEP + pair * apart;
            int bc = t * padded + first;
            FloatVector dy = FloatVector.fromArray(SPECIES, outGradients, t * LANES);
            FloatVector w = FloatVector.fromArray(SPECIES, written, t * LANES);
            FloatVector delta = FloatVector.fromArray(SPECIES, deltas, t * LANES);
            dy.mul(FloatVector.fromArray(SPECIES, history, here + STEP)).intoArray(readProducts, here);
            dy.mul(FloatVector.fromArray(SPECIES, history, here + STEP + LANES)).intoArray(readProducts, here + LANES);
            g0 = dy.fma(FloatVector.broadcast(SPECIES, reads[bc]), g0);
            g1 = dy.fma(FloatVector.broadcast(SPECIES, reads[bc + 1]), g1);
            g0.mul(w).intoArray(writeProducts, here);
            g1.mul(w).intoArray(writeProducts, here + LANES);
            FloatVector dw = FloatVector.fromArray(SPECIES, writtenGradients, t * LANES);
            dw = g1.fma(FloatVector.broadcast(SPECIES, writes[bc + 1]),
                    g0.fma(FloatVector.broadcast(SPECIES, writes[bc]), dw));
            dw.intoArray(writtenGradients, t * LANES);
            g0 = g0.mul(FloatVector.fromArray(SPECIES, decays, decay));
            g1 = g1.mul(FloatVector.fromArray(SPECIES, decays, decay + apart));
            FloatVector l0 = g0.mul(FloatVector.fromArray(SPECIES, history, here));
            FloatVector l1 = g1.mul(FloatVector.fromArray(SPECIES, history, here + LANES));
            sum0 = delta.fma(l0, sum0);
            sum1 = delta.fma(l1, sum1);
            FloatVector d = FloatVector.fromArray(SPECIES, deltaGradients, t * LANES);
            a1.fma(l1, a0.fma(l0, d)).intoArray(deltaGradients, t * LANES);
        }
        g0.intoArray(carried, at);
        g1.intoArray(carried, at + LANES);
        sum0.intoArray(rateGradients, at);
        sum1.intoArray(rateGradients, at + LANES);
    }

    /**
     * Adds the sums over lanes of (count, GROUP, lanes) products to states {@code first} on of tokens {@code from} on.
     */
    private void add(float[] products, float[] totals, int from, int first, int count) {
        LaneSums.ofRows(products, count * GROUP, sums);
        for (int t = 0; t < count; t++) {
            int to = (from + t) * padded + first;
            for (int s = 0; s < GROUP; s++) {
                totals[to + s] += sums[t * GROUP + s];
            }
        }
    }

    /** ddelta += dw u, and du = dw delta in place of u. */
    private void finish(int count) {
        for (int i = 0; i < count * LANES; i += LANES) {
            FloatVector dw = FloatVector.fromArray(SPECIES, writtenGradients, i);
            FloatVector u = FloatVector.fromArray(SPECIES, inputs, i);
            dw.fma(u, FloatVector.fromArray(SPECIES, deltaGradients, i)).intoArray(deltaGradients, i);
            dw.mul(FloatVector.fromArray(SPECIES, deltas, i)).intoArray(inputs, i);
        }
    }
}
