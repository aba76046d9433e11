package io.heed.kernels;

import java.util.Arrays;

/** The forward pass of one call of Taylor attention: a task is a head. */
final class TaylorForward {
    private static final Scratch STATE = new Scratch();
    private static final Scratch NORMALIZER = new Scratch();

    private final TaylorAttention.Input input;
    private final TaylorAttention.Output output;
    private final KeyPadding padding;
    private final float epsilon;
    private final int features;
    private final int width; // e
    private final int row;

    TaylorForward(TaylorAttention.Input input, TaylorAttention.Output output, KeyPadding padding, float epsilon) {
        this.input = input;
        this.output = output;
        this.padding = padding;
        this.epsilon = epsilon;
        features = TaylorAttention.features(input.q().width());
        width = input.v().width();
        row = Panels.padded(width);
    }

    void run() {
        Workers.run(input.q().batch() * input.q().heads(), this::head);
    }

    private void head(int head) {
        int b = head / input.q().heads();
        int h = head % input.q().heads();
        int length = input.q().rows();
        float[] state = STATE.atLeast(TaylorChunk.stateFloats(input.q().width(), width));
        float[] normalizer = NORMALIZER.atLeast(features);
        readState(b, h, state, normalizer);
        TaylorChunk chunk = TaylorChunk.of(input.q().width(), width, length);
        for (int first = 0; first < length; first += TaylorChunk.TOKENS) {
            chunk.length(Math.min(TaylorChunk.TOKENS, length - first));
            chunk.load(input, padding, b, h, first);
            chunk.multiplyKeysByQueries();
            chunk.mapQueries();
            chunk.writeOut(state, normalizer, epsilon, output, b, h, first);
            if (output.last() != null || first + TaylorChunk.TOKENS < length) {
                chunk.mapKeys();
                chunk.addKeysTo(state, normalizer);
            }
        }
        if (output.last() != null) {
            writeState(b, h, state, normalizer);
        }
    }

    private void readState(int b, int h, float[] state, float[] normalizer) {
        Rows from = input.initial();
        Arrays.fill(state, 0, TaylorChunk.stateFloats(input.q().width(), width), 0);
        Arrays.fill(normalizer, 0, features, 0);
        if (from != null) {
            Panels.read(from.data(), from.offset(b, h, 0), from.rowStride(), features, width, state, 0, row);
            Panels.read(from.data(), from.offset(b, h, 0) + width, from.rowStride(), features, 1, normalizer, 0, 1);
        }
    }

    private void writeState(int b, int h, float[] state, float[] normalizer) {
        Rows to = output.last();
        Panels.write(state, 0, row, features, width, to.data(), to.offset(b, h, 0), to.rowStride());
        Panels.write(normalizer, 0, 1, features, 1, to.data(), to.offset(b, h, 0) + width, to.rowStride());
    }
}
