package io.heed.kernels;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * One chunk of one head of linear attention, packed into this thread's scratch, and the matrix products on it (Qin et
 * al. 2024, arXiv 2405.17381). Row and column numbers count from the start of the chunk; m is its length, shorter for
 * the last.
 *
 * <p>Only powers of the decay between 0 and 1 occur, relative to the chunk, never their reciprocals.
 */
final class LinearChunk {
    private static final VectorSpecies<Float> SPECIES = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;
    private static final int STEP = Matrix.ROWS;
    /** Rows of a masked product computed together, up to the last column that any of them sees. */
    private static final int BAND = 2 * STEP;
    private static final ThreadLocal<LinearChunk> SCRATCH = ThreadLocal.withInitial(LinearChunk::new);

    private int keyWidth; // d
    private int valueWidth; // e
    private int keyRow; // d, padded to whole vectors
    private int valueRow; // e, padded
    private int chunkRow; // columns of a chunk x chunk block, padded
    private int steps; // rows of the longest chunk, padded to whole register blocks
    private float scale;
    private boolean decaying;

    private int m;
    private float[] q = new float[0]; // (steps, keyRow)
    private float[] k = q;
    private float[] v = q; // (steps, valueRow)
    private float[] gradOut = q;
    private float[] turned = q; // K or V transposed, (d or e, chunkRow)
    private float[] queryKey = q; // scale decay^(r - c) q_r . k_c, 0 above the diagonal, (steps, chunkRow)
    private float[] outValue = q; // the same of dO_r . v_c
    private float[] product = q; // what a chunk writes, (steps, keyRow or valueRow)
    private float[] turnedState = q; // (e, keyRow)
    // mask[steps - 1 - r + c] = scale decay^(r - c) for c <= r and 0 after, so that row r is one stretch
    private float[] mask = q;
    private float[] powers = q; // decay^i, i = 0 to steps

    private LinearChunk() { }

    /** This thread's chunk, made ready for one head. */
    static LinearChunk of(int keyWidth, int valueWidth, int chunk, float scale, float rate) {
        LinearChunk it = SCRATCH.get();
        it.resize(keyWidth, valueWidth, chunk);
        it.scale = scale;
        it.decaying = rate != 0;
        for (int i = 0; i <= it.steps; i++) {
            it.powers[i] = (float) Math.exp(-(double) rate * i);
        }
        for (int i = 0; i < it.steps; i++) {
            it.mask[i] = scale * it.powers[it.steps - 1 - i];
        }
        Arrays.fill(it.mask, it.steps, it.mask.length, 0);
        return it;
    }

    private void resize(int newKeyWidth, int newValueWidth, int chunk) {
        keyWidth = newKeyWidth;
        valueWidth = newValueWidth;
        keyRow = Panels.padded(keyWidth);
        valueRow = Panels.padded(valueWidth);
        chunkRow = Panels.padded(chunk);
        steps = wholeSteps(chunk);
        int widest = Math.max(keyRow, valueRow);
        // register blocks read, and never use, a few columns past the end
        q = room(q, steps * keyRow + STEP);
        k = room(k, steps * keyRow + STEP);
        v = room(v, steps * valueRow + STEP);
        gradOut = room(gradOut, steps * valueRow + STEP);
        turned = room(turned, widest * chunkRow);
        queryKey = room(queryKey, steps * chunkRow + STEP);
        outValue = room(outValue, steps * chunkRow + STEP);
        product = room(product, steps * widest);
        turnedState = room(turnedState, wholeSteps(widest) * widest);
        mask = room(mask, steps + chunkRow + LANES);
        powers = room(powers, steps + 1);
    }

    private static float[] room(float[] array, int floats) {
        return array.length < floats ? new float[floats] : array;
    }

    /**
     * Floats of one state (d, e), its rows padded and, so that products on it are whole register blocks, a few unused
     * rows.
     */
    static int stateFloats(int keyWidth, int valueWidth) {
        return wholeSteps(keyWidth) * Panels.padded(valueWidth);
    }

    // loading

    void length(int rows) {
        m = rows;
    }

    void loadQueries(Rows rows, int b, int h, int first) {
        load(rows, b, h, first, q, keyRow);
    }

    void loadKeys(Rows rows, int b, int h, int first) {
        load(rows, b, h, first, k, keyRow);
    }

    void loadValues(Rows rows, int b, int h, int first) {
        load(rows, b, h, first, v, valueRow);
    }

    void loadOutGradients(Rows rows, int b, int h, int first) {
        load(rows, b, h, first, gradOut, valueRow);
    }

    private void load(Rows rows, int b, int h, int first, float[] to, int row) {
        Panels.read(rows.data(), rows.offset(b, h, first), rows.rowStride(), m, rows.width(), to, 0, row);
        Arrays.fill(to, m * row, stepped() * row, 0);
    }

    /** Clears the keys and values that do not exist. */
    void hide(KeyPadding padding, int b, int sequenceLength, int first) {
        switch (padding) {
            case KeyPadding.None none -> { }
            case KeyPadding.Lengths lengths -> clear(Math.clamp(lengths.lengths()[b] - first, 0, m), m);
            case KeyPadding.Flags flags -> {
                for (int c = 0; c < m; c++) {
                    if (!exists(flags, b, sequenceLength, first + c)) {
                        clear(c, c + 1);
                    }
                }
            }
        }
    }

    /** Whether key {@code j} of sequence {@code b} exists. */
    static boolean exists(KeyPadding padding, int b, int sequenceLength, int j) {
        return switch (padding) {
            case KeyPadding.None none -> true;
            case KeyPadding.Lengths lengths -> j < lengths.lengths()[b];
            case KeyPadding.Flags flags ->
                flags.exists().get(ValueLayout.JAVA_BYTE, (long) b * sequenceLength + j) != 0;
        };
    }

    private void clear(int from, int to) {
        Arrays.fill(k, from * keyRow, to * keyRow, 0);
        Arrays.fill(v, from * valueRow, to * valueRow, 0);
    }

    // the products inside a chunk

    /** queryKey = (Q K^T) * mask. */
    void multiplyQueriesByKeys() {
        Panels.transpose(k, 0, keyRow, m, keyWidth, turned, 0, chunkRow);
        maskedProduct(q, keyRow, keyWidth, queryKey);
    }

    /** outValue = (dO V^T) * mask. */
    void multiplyOutGradientsByValues() {
        Panels.transpose(v, 0, valueRow, m, valueWidth, turned, 0, chunkRow);
        maskedProduct(gradOut, valueRow, valueWidth, outValue);
    }

    private void maskedProduct(float[] a, int aRow, int depth, float[] to) {
        for (int r = 0; r < stepped(); r += BAND) {
            int rows = Math.min(BAND, stepped() - r);
            int columns = Math.min(Panels.padded(r + rows), chunkRow);
            Matrix.multiply(rows, columns, depth, a, r * aRow, aRow, 1, turned, 0, chunkRow, to, r * chunkRow,
                    chunkRow);
            for (int i = r; i < r + rows; i++) {
                int weights = steps - 1 - i;
                for (int c = 0; c < columns; c += LANES) {
                    FloatVector.fromArray(SPECIES, to, i * chunkRow + c)
                            .mul(FloatVector.fromArray(SPECIES, mask, weights + c)).intoArray(to, i * chunkRow + c);
                }
            }
        }
    }

    /** product += block B, each row up to the diagonal. */
    private void addLower(float[] block, float[] b, int row) {
        for (int r = 0; r < stepped(); r += BAND) {
            int rows = Math.min(BAND, stepped() - r);
            Matrix.multiplyAdd(rows, row, Math.min(r + rows, m), block, r * chunkRow, chunkRow, 1, b, 0, row,
                    product, r * row, row);
        }
    }

    /** product += block^T B, each row from the diagonal on. */
    private void addUpper(float[] block, float[] b, int row) {
        for (int c = 0; c < stepped(); c += BAND) {
            int rows = Math.min(BAND, stepped() - c);
            Matrix.multiplyAdd(rows, row, Math.max(m - c, 0), block, c * chunkRow + c, 1, chunkRow, b, c * row, row,
                    product, c * row, row);
        }
    }

    // scaling rows by powers of the decay

    /** Row r of Q times scale decay^(r + 1): its view of the state before the chunk. */
    void scaleQueriesFromStart() {
        scaleFromStart(q, keyRow);
    }

    void scaleOutGradientsFromStart() {
        scaleFromStart(gradOut, valueRow);
    }

    private void scaleFromStart(float[] rows, int row) {
        for (int r = 0; (decaying || scale != 1) && r < m; r++) {
            Panels.scale(rows, r * row, row, scale * powers[r + 1]);
        }
    }

    /** Row c times decay^(m - 1 - c): its share of the state after the chunk. */
    private void scaleToEnd(float[] rows, int row) {
        for (int c = 0; decaying && c < m; c++) {
            Panels.scale(rows, c * row, row, powers[m - 1 - c]);
        }
    }

    void scaleKeysToEnd() {
        scaleToEnd(k, keyRow);
    }

    void scaleValuesToEnd() {
        scaleToEnd(v, valueRow);
    }

    private void decay(float[] state, int at, int floats) {
        if (decaying) {
            Panels.scale(state, at, floats, powers[m]);
        }
    }

    // outputs; rows of Q, K, V and dO are scaled already

    /** o = Q S, and with {@code inside} + queryKey V. */
    void writeOut(float[] state, int at, boolean inside, Rows out, int b, int h, int first) {
        Matrix.multiply(stepped(), valueRow, keyWidth, q, 0, keyRow, 1, state, at, valueRow, product, 0, valueRow);
        if (inside) {
            addLower(queryKey, v, valueRow);
        }
        write(out, valueRow, b, h, first);
    }

    /** dq = dO S^T, and with {@code inside} + outValue K. */
    void writeQueryGradient(float[] turnedState, int at, boolean inside, Rows to, int b, int h, int first) {
        Matrix.multiply(stepped(), keyRow, valueWidth, gradOut, 0, valueRow, 1, turnedState, at, keyRow, product, 0,
                keyRow);
        if (inside) {
            addLower(outValue, k, keyRow);
        }
        write(to, keyRow, b, h, first);
    }

    /** dk = V dS^T, and with {@code inside} + outValue^T Q; V scaled to the end, Q not. */
    void writeKeyGradient(float[] stateGradient, int at, boolean inside, Rows to, int b, int h, int first) {
        Panels.transpose(stateGradient, at, valueRow, keyWidth, valueWidth, turnedState, 0, keyRow);
        Matrix.multiply(stepped(), keyRow, valueWidth, v, 0, valueRow, 1, turnedState, 0, keyRow, product, 0, keyRow);
        if (inside) {
            addUpper(outValue, q, keyRow);
        }
        write(to, keyRow, b, h, first);
    }

    /** dv = K dS, and with {@code inside} + queryKey^T dO; K scaled to the end, dO not. */
    void writeValueGradient(float[] stateGradient, int at, boolean inside, Rows to, int b, int h, int first) {
        Matrix.multiply(stepped(), valueRow, keyWidth, k, 0, keyRow, 1, stateGradient, at, valueRow, product, 0,
                valueRow);
        if (inside) {
            addUpper(queryKey, gradOut, valueRow);
        }
        write(to, valueRow, b, h, first);
    }

    private void write(Rows to, int row, int b, int h, int first) {
        Panels.write(product, 0, row, m, to.width(), to.data(), to.offset(b, h, first), to.rowStride());
    }

    // states

    /** S = decay^m S + K^T V, (d, e); K or V scaled to the end. */
    void addToState(float[] state, int at) {
        decay(state, at, keyWidth * valueRow);
        Matrix.multiplyAdd(wholeSteps(keyWidth), valueRow, m, k, 0, 1, keyRow, v, 0, valueRow, state, at, valueRow);
    }

    /** S^T = decay^m S^T + V^T K, (e, d); K or V scaled to the end. */
    void addToTurnedState(float[] state, int at) {
        decay(state, at, valueWidth * keyRow);
        Matrix.multiplyAdd(wholeSteps(valueWidth), keyRow, m, v, 0, 1, valueRow, k, 0, keyRow, state, at, keyRow);
    }

    /** dS = decay^m dS + Q^T dO, (d, e); Q or dO scaled from the start. */
    void addToStateGradient(float[] state, int at) {
        decay(state, at, keyWidth * valueRow);
        Matrix.multiplyAdd(wholeSteps(keyWidth), valueRow, m, q, 0, 1, keyRow, gradOut, 0, valueRow, state, at,
                valueRow);
    }

    /** dS = decay^m dS, where no query's output has a gradient. */
    void decayState(float[] state, int at) {
        decay(state, at, keyWidth * valueRow);
    }

    /** m, up to whole register blocks; the rows between are 0. */
    private int stepped() {
        return wholeSteps(m);
    }

    private static int wholeSteps(int rows) {
        return (rows + STEP - 1) / STEP * STEP;
    }
}
