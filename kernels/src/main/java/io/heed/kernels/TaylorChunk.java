package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * One chunk of one head of Taylor attention in this thread's scratch, and the products on it. Blocks between tokens lie
 * transposed, key by query, as the features do: row j, column t, 0 for t &lt; j.
 */
final class TaylorChunk {
    private static final VectorSpecies<Float> SPECIES = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;
    private static final int STEP = Matrix.ROWS;
    /** Rows of a triangular block handled together. */
    private static final int BAND = 2 * STEP;
    /** Tokens of a chunk: whole register blocks and whole vectors, where time was least for f = 16. */
    static final int TOKENS = 96;
    private static final ThreadLocal<TaylorChunk> SCRATCH = ThreadLocal.withInitial(TaylorChunk::new);

    private int f;
    private int e;
    private int features; // P
    private int featureSteps; // P up to whole register blocks; the rows between are 0
    private int row; // columns of what lies token by token side by side
    private int keyRow; // f, padded
    private int valueRow; // e, padded
    private float scale; // 1 / sqrt(f)
    private TaylorFeatures map;

    private int m; // tokens of this chunk
    private int columns; // m, padded
    private float[] rows = new float[0]; // what is read or written, token by token
    private float[] turnedQ = rows; // (f, row)
    private float[] turnedK = rows;
    private float[] q = rows; // (tokens, keyRow)
    private float[] v = rows; // (tokens, valueRow), 0 where a key does not exist
    private float[] turnedV = rows; // (e, row)
    private float[] exists = rows; // (row), 1 or 0
    private float[] numerators = rows; // gradient of the numerators, (tokens, valueRow)
    private float[] turnedNumerators = rows; // (e, row)
    private float[] denominators = rows; // (row): the denominators, or their gradient
    private float[] products = rows; // u, then 1 + u in the backward pass, (tokens, row)
    private float[] weights = rows; // a, (tokens, row)
    private float[] gradients = rows; // gradient of q . k, (tokens, row)
    private float[] phi = rows; // (featureSteps, row)
    private float[] result = rows; // (tokens, valueRow) or (tokens, keyRow)
    private float[] turnedResult = rows; // (f, row)

    private TaylorChunk() { }

    /** This thread's chunk, made ready for heads of these widths. */
    static TaylorChunk of(int featureWidth, int valueWidth, int tokens) {
        TaylorChunk it = SCRATCH.get();
        it.resize(featureWidth, valueWidth, Math.min(TOKENS, tokens));
        return it;
    }

    private void resize(int featureWidth, int valueWidth, int tokens) {
        f = featureWidth;
        e = valueWidth;
        features = TaylorAttention.features(f);
        featureSteps = wholeSteps(features);
        row = Panels.padded(tokens);
        keyRow = Panels.padded(f);
        valueRow = Panels.padded(e);
        scale = (float) (1 / Math.sqrt(f));
        map = new TaylorFeatures(f, row);
        int steps = wholeSteps(tokens);
        // register blocks read, and never use, a few rows or columns past the end
        int widest = Math.max(keyRow, valueRow);
        rows = room(rows, steps * widest + STEP);
        turnedQ = room(turnedQ, wholeSteps(f) * row + STEP);
        turnedK = room(turnedK, wholeSteps(f) * row + STEP);
        q = room(q, steps * keyRow + STEP);
        v = room(v, steps * valueRow + STEP);
        turnedV = room(turnedV, wholeSteps(e) * row);
        exists = room(exists, row);
        numerators = room(numerators, steps * valueRow + STEP);
        turnedNumerators = room(turnedNumerators, wholeSteps(e) * row);
        denominators = room(denominators, row);
        products = room(products, steps * row + STEP);
        weights = room(weights, steps * row + STEP);
        gradients = room(gradients, steps * row + STEP);
        phi = room(phi, featureSteps * row + STEP);
        Arrays.fill(phi, features * row, featureSteps * row, 0);
        result = room(result, steps * widest);
        turnedResult = room(turnedResult, wholeSteps(f) * row);
    }

    private static float[] room(float[] array, int floats) {
        return array.length < floats ? new float[floats] : array;
    }

    /** Floats of a state's (P, e) part, its rows padded. */
    static int stateFloats(int featureWidth, int valueWidth) {
        return wholeSteps(TaylorAttention.features(featureWidth)) * Panels.padded(valueWidth);
    }

    private static int wholeSteps(int count) {
        return (count + STEP - 1) / STEP * STEP;
    }

    // loading

    void length(int tokens) {
        m = tokens;
        columns = Panels.padded(m);
    }

    void load(TaylorAttention.Input input, KeyPadding padding, int b, int h, int first) {
        read(input.q(), b, h, first, q, keyRow);
        Panels.transpose(q, 0, keyRow, m, f, turnedQ, 0, row);
        read(input.k(), b, h, first, rows, keyRow);
        Panels.transpose(rows, 0, keyRow, m, f, turnedK, 0, row);
        read(input.v(), b, h, first, v, valueRow);
        Arrays.fill(exists, 0, columns, 0);
        for (int j = 0; j < m; j++) {
            if (LinearChunk.exists(padding, b, input.q().rows(), first + j)) {
                exists[j] = 1;
            } else {
                Arrays.fill(v, j * valueRow, (j + 1) * valueRow, 0);
            }
        }
    }

    /** Gradients of numerators, g / D, and denominators, -g . o / D. */
    void loadGradients(Rows gradient, Rows out, MemorySegment normalizers, int b, int h, int first) {
        read(gradient, b, h, first, numerators, valueRow);
        read(out, b, h, first, rows, valueRow);
        long at = ((long) b * out.heads() + h) * out.rows() + first;
        Arrays.fill(denominators, 0, columns, 0);
        for (int t = 0; t < m; t++) {
            float inverse = 1 / normalizers.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, at + t);
            denominators[t] = -inverse * RowReduction.dot(numerators, t * valueRow, rows, t * valueRow, e);
            Panels.scale(numerators, t * valueRow, valueRow, inverse);
        }
        Panels.transpose(numerators, 0, valueRow, m, e, turnedNumerators, 0, row);
    }

    private void read(Rows from, int b, int h, int first, float[] to, int toRow) {
        Panels.read(from.data(), from.offset(b, h, first), from.rowStride(), m, from.width(), to, 0, toRow);
    }

    // products inside the chunk

    /** products = u and weights = a, for t at or after j. */
    void multiplyKeysByQueries() {
        for (int j = 0; j < m; j += BAND) {
            int from = j / LANES * LANES;
            Matrix.multiply(band(j), columns - from, f, turnedK, j, 1, row, turnedQ, from, row, products, j * row
                    + from, row);
        }
        for (int j = 0; j < m; j++) {
            for (int c = j / LANES * LANES; c < columns; c += LANES) {
                FloatVector u = FloatVector.fromArray(SPECIES, products, j * row + c).mul(scale);
                u.intoArray(products, j * row + c);
                u.fma(u.mul(0.5f).add(1f), FloatVector.broadcast(SPECIES, 1f)).intoArray(weights, j * row + c);
            }
            Arrays.fill(weights, j * row, j * row + j, 0);
        }
    }

    /** gradients = (v_j . dn_t + dD_t) (1 + u) / sqrt(f), for t at or after j. */
    void multiplyValuesByGradients() {
        for (int j = 0; j < m; j += BAND) {
            int from = j / LANES * LANES;
            Matrix.multiply(band(j), columns - from, e, v, j * valueRow, valueRow, 1, turnedNumerators, from, row,
                    gradients,
                    j * row + from, row);
        }
        for (int j = 0; j < m; j++) {
            for (int c = j / LANES * LANES; c < columns; c += LANES) {
                FloatVector slope = FloatVector.fromArray(SPECIES, products, j * row + c).add(1f).mul(scale);
                FloatVector.fromArray(SPECIES, denominators, c).mul(exists[j])
                        .add(FloatVector.fromArray(SPECIES, gradients, j * row + c)).mul(slope)
                        .intoArray(gradients, j * row + c);
            }
            Arrays.fill(gradients, j * row, j * row + j, 0);
        }
    }

    /** Rows of the band at j, whole register blocks where the scratch has them. */
    private int band(int j) {
        return Math.min(BAND, wholeSteps(m) - j);
    }

    // features and states

    void mapQueries() {
        map.map(turnedQ, phi, columns);
    }

    void mapKeys() {
        map.map(turnedK, phi, columns);
    }

    /** S += phi(K) V, z += phi(K) exists; phi holds the keys' features. */
    void addKeysTo(float[] state, float[] normalizer) {
        addTo(state, normalizer, v, exists);
    }

    /** dS += phi(Q) dn, dz += phi(Q) dD; phi holds the queries' features. */
    void addQueryGradientsTo(float[] state, float[] normalizer) {
        addTo(state, normalizer, numerators, denominators);
    }

    private void addTo(float[] state, float[] normalizer, float[] b, float[] ones) {
        Matrix.multiplyAdd(featureSteps, valueRow, m, phi, 0, row, 1, b, 0, valueRow, state, 0, valueRow);
        for (int p = 0; p < features; p++) {
            normalizer[p] += RowReduction.dot(phi, p * row, ones, 0, m);
        }
    }

    // outputs

    /** o; phi holds the queries' features. */
    void writeOut(float[] state, float[] normalizer, float epsilon, TaylorAttention.Output output, int b, int h,
            int first) {
        fromState(state);
        addEarlier();
        Arrays.fill(denominators, 0, columns, epsilon);
        for (int p = 0; p < features; p++) {
            TaylorFeatures.axpy(normalizer[p], phi, p * row, denominators, 0, columns);
        }
        for (int j = 0; j < m; j++) {
            int from = j / LANES * LANES;
            TaylorFeatures.axpy(exists[j], weights, j * row + from, denominators, from, columns - from);
        }
        for (int t = 0; t < m; t++) {
            Panels.scale(result, t * valueRow, valueRow, 1 / denominators[t]);
        }
        write(output.out(), valueRow, b, h, first);
        if (output.normalizers() != null) {
            long at = ((long) b * output.out().heads() + h) * output.out().rows() + first;
            MemorySegment.copy(denominators, 0, output.normalizers(), ValueLayout.JAVA_FLOAT_UNALIGNED,
                    at * Float.BYTES, m);
        }
    }

    /** result = phi^T S. */
    private void fromState(float[] state) {
        Matrix.multiply(wholeSteps(m), valueRow, features, phi, 0, 1, row, state, 0, valueRow, result, 0, valueRow);
    }

    /** result += a V, for keys up to each query. */
    private void addEarlier() {
        for (int t = 0; t < m; t += BAND) {
            Matrix.multiplyAdd(band(t), valueRow, Math.min(t + BAND, m), weights, t, 1, row, v, 0, valueRow, result,
                    t * valueRow, valueRow);
        }
    }

    /** dq = dU K and the way through phi(q) to the state before the chunk. Replaces phi. */
    void writeQueryGradient(float[] state, float[] normalizer, Rows to, int b, int h, int first) {
        Matrix.multiply(wholeSteps(f), columns, m, turnedK, 0, row, 1, gradients, 0, row, turnedResult, 0, row);
        featureGradient(state, normalizer, turnedNumerators, denominators);
        map.addGradient(phi, turnedQ, turnedResult, columns);
        Panels.transpose(turnedResult, 0, row, f, m, result, 0, keyRow);
        write(to, keyRow, b, h, first);
    }

    /** dk = dU^T Q and the way through phi(k) to the state's gradient after the chunk. Replaces phi. */
    void writeKeyGradient(float[] state, float[] normalizer, Rows to, int b, int h, int first) {
        Panels.transpose(v, 0, valueRow, m, e, turnedV, 0, row);
        featureGradient(state, normalizer, turnedV, exists);
        Arrays.fill(turnedResult, 0, f * row, 0);
        map.addGradient(phi, turnedK, turnedResult, columns);
        Panels.transpose(turnedResult, 0, row, f, m, result, 0, keyRow);
        addLater(gradients, q, keyRow);
        write(to, keyRow, b, h, first);
    }

    /** phi = gradient of the features: S b + z ones. */
    private void featureGradient(float[] state, float[] normalizer, float[] b, float[] ones) {
        Matrix.multiply(featureSteps, columns, e, state, 0, valueRow, 1, b, 0, row, phi, 0, row);
        for (int p = 0; p < features; p++) {
            TaylorFeatures.axpy(normalizer[p], ones, 0, phi, p * row, columns);
        }
    }

    /** dv = a^T dn + phi(K) dS; phi holds the keys' features. */
    void writeValueGradient(float[] state, Rows to, int b, int h, int first) {
        fromState(state);
        addLater(weights, numerators, valueRow);
        for (int j = 0; j < m; j++) {
            if (exists[j] == 0) {
                Arrays.fill(result, j * valueRow, (j + 1) * valueRow, 0);
            }
        }
        write(to, valueRow, b, h, first);
    }

    /** result += block B, for queries from each key on. */
    private void addLater(float[] block, float[] b, int bRow) {
        for (int j = 0; j < m; j += BAND) {
            Matrix.multiplyAdd(band(j), bRow, m - j, block, j * row + j, row, 1, b, j * bRow, bRow, result, j * bRow,
                    bRow);
        }
    }

    private void write(Rows to, int toRow, int b, int h, int first) {
        Panels.write(result, 0, toRow, m, to.width(), to.data(), to.offset(b, h, first), to.rowStride());
    }
}
