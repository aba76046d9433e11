package io.heed.kernels;

import java.util.Arrays;

/**
 * The keys and values of one head in this thread's scratch. Tokens lie in slots: block b has {@code slots} of them,
 * its tokens first, then unused ones up to whole vectors; landmarks lie apart, one a block.
 */
final class LandmarkKeys {
    private static final ThreadLocal<LandmarkKeys> SCRATCH = ThreadLocal.withInitial(LandmarkKeys::new);

    int block;
    int slots; // of one block
    int blocks;
    int all; // slots of all blocks
    int keyWidth;
    int valueWidth;
    int keyRow;
    int valueRow;

    float[] turnedKeys = new float[0]; // (d, all)
    float[] values = turnedKeys; // (all, valueRow)
    float[] hidden = turnedKeys; // (all): 0 for a token that exists, else -infinity
    float[] hiddenLandmarks = turnedKeys; // (blocks)
    float[] keys = turnedKeys; // (all, keyRow)
    float[] landmarks = turnedKeys; // (blocks, keyRow)
    float[] turnedValues = turnedKeys; // (e, all)
    float[] keyGradients = turnedKeys; // (all, keyRow)
    float[] landmarkGradients = turnedKeys; // (blocks, keyRow)
    float[] valueGradients = turnedKeys; // (all, valueRow)

    private LandmarkKeys() { }

    /** This thread's, loaded with head h of sequence b. */
    static LandmarkKeys of(LandmarkAttention.Input input, int block, KeyPadding padding, int b, int h) {
        LandmarkKeys it = SCRATCH.get();
        it.size(input, block);
        it.load(input, padding, b, h);
        return it;
    }

    private void size(LandmarkAttention.Input input, int newBlock) {
        int rows = input.q().rows();
        block = newBlock;
        slots = Panels.padded(block - 1);
        blocks = (rows + block - 1) / block;
        all = Math.multiplyExact(blocks, slots);
        keyWidth = input.q().width();
        valueWidth = input.v().width();
        keyRow = Panels.padded(keyWidth);
        valueRow = Panels.padded(valueWidth);
        turnedKeys = room(turnedKeys, Math.multiplyExact(keyWidth, all));
        values = room(values, Math.multiplyExact(all, valueRow));
        hidden = room(hidden, all);
        hiddenLandmarks = room(hiddenLandmarks, blocks);
        keys = room(keys, Math.multiplyExact(all, keyRow));
        landmarks = room(landmarks, blocks * keyRow);
    }

    private void load(LandmarkAttention.Input input, KeyPadding padding, int b, int h) {
        int rows = input.q().rows();
        Arrays.fill(keys, 0, all * keyRow, 0);
        Arrays.fill(landmarks, 0, blocks * keyRow, 0);
        Arrays.fill(values, 0, all * valueRow, 0);
        Arrays.fill(hidden, 0, all, Float.NEGATIVE_INFINITY);
        Arrays.fill(hiddenLandmarks, 0, blocks, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < blocks; i++) {
            int first = i * block;
            int tokens = Math.min(block - 1, rows - first);
            read(input.k(), b, h, first, tokens, keys, i * slots * keyRow, keyRow);
            read(input.v(), b, h, first, tokens, values, i * slots * valueRow, valueRow);
            for (int t = 0; t < tokens; t++) {
                if (LinearChunk.exists(padding, b, rows, first + t)) {
                    hidden[i * slots + t] = 0;
                }
            }
            int landmark = first + block - 1;
            if (landmark < rows) {
                read(input.k(), b, h, landmark, 1, landmarks, i * keyRow, keyRow);
                if (LinearChunk.exists(padding, b, rows, landmark)) {
                    hiddenLandmarks[i] = 0;
                }
            }
        }
        Panels.transpose(keys, 0, keyRow, all, keyWidth, turnedKeys, 0, all);
    }

    private static void read(Rows from, int b, int h, int first, int count, float[] to, int at, int row) {
        Panels.read(from.data(), from.offset(b, h, first), from.rowStride(), count, from.width(), to, at, row);
    }

    /** Makes room for gradients, all 0. */
    void prepareGradients() {
        turnedValues = room(turnedValues, Math.multiplyExact(valueWidth, all));
        Panels.transpose(values, 0, valueRow, all, valueWidth, turnedValues, 0, all);
        keyGradients = room(keyGradients, all * keyRow);
        landmarkGradients = room(landmarkGradients, blocks * keyRow);
        valueGradients = room(valueGradients, all * valueRow);
        Arrays.fill(keyGradients, 0, all * keyRow, 0);
        Arrays.fill(landmarkGradients, 0, blocks * keyRow, 0);
        Arrays.fill(valueGradients, 0, all * valueRow, 0);
    }

    void writeKeyGradients(Rows to, int b, int h) {
        for (int i = 0; i < blocks; i++) {
            int first = i * block;
            write(keyGradients, i * slots * keyRow, keyRow, to, b, h, first, Math.min(block - 1, to.rows() - first));
            if (first + block - 1 < to.rows()) {
                write(landmarkGradients, i * keyRow, keyRow, to, b, h, first + block - 1, 1);
            }
        }
    }

    /** Landmarks' values get 0. */
    void writeValueGradients(Rows to, int b, int h) {
        for (int i = 0; i < blocks; i++) {
            int first = i * block;
            write(valueGradients, i * slots * valueRow, valueRow, to, b, h, first, Math.min(block - 1,
                    to.rows() - first));
            if (first + block - 1 < to.rows()) {
                LinearCall.zero(to, b, h, first + block - 1, first + block);
            }
        }
    }

    private static void write(float[] from, int at, int row, Rows to, int b, int h, int first, int count) {
        Panels.write(from, at, row, count, to.width(), to.data(), to.offset(b, h, first), to.rowStride());
    }

    private static float[] room(float[] array, int floats) {
        return array.length < floats ? new float[floats] : array;
    }
}
