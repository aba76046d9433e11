package io.heed.kernels;

import java.util.Arrays;

/**
 * The backward pass of one call of Taylor attention, head by head: a sweep from the first chunk to the last with the
 * state gives dq, a sweep back with the state's gradient gives dk and dv.
 */
final class TaylorBackward {
    private static final Scratch STATE = new Scratch();
    private static final Scratch NORMALIZER = new Scratch();

    private final TaylorAttention.Input input;
    private final TaylorAttention.Output output;
    private final Rows gradient;
    private final TaylorAttention.Input result;
    private final KeyPadding padding;
    private final int length;

    TaylorBackward(TaylorAttention.Input input, TaylorAttention.Output output, Rows gradient,
            TaylorAttention.Input result,
            KeyPadding padding) {
        this.input = input;
        this.output = output;
        this.gradient = gradient;
        this.result = result;
        this.padding = padding;
        length = input.q().rows();
    }

    void run() {
        Workers.run(input.q().batch() * input.q().heads(), this::head);
    }

    private void head(int head) {
        int b = head / input.q().heads();
        int h = head % input.q().heads();
        int width = input.q().width();
        int floats = TaylorChunk.stateFloats(width, input.v().width());
        float[] state = STATE.atLeast(floats);
        float[] normalizer = NORMALIZER.atLeast(TaylorAttention.features(width));
        TaylorChunk chunk = TaylorChunk.of(width, input.v().width(), length);
        if (result.q() != null) {
            Arrays.fill(state, 0, floats, 0);
            Arrays.fill(normalizer, 0);
            for (int first = 0; first < length; first += TaylorChunk.TOKENS) {
                enter(chunk, b, h, first);
                chunk.multiplyKeysByQueries();
                chunk.multiplyValuesByGradients();
                chunk.writeQueryGradient(state, normalizer, result.q(), b, h, first);
                chunk.mapKeys();
                chunk.addKeysTo(state, normalizer);
            }
        }
        if (result.k() != null || result.v() != null) {
            Arrays.fill(state, 0, floats, 0);
            Arrays.fill(normalizer, 0);
            int last = (length - 1) / TaylorChunk.TOKENS * TaylorChunk.TOKENS;
            for (int first = last; first >= 0; first -= TaylorChunk.TOKENS) {
                enter(chunk, b, h, first);
                writeKeyAndValueGradients(chunk, state, normalizer, b, h, first);
                chunk.mapQueries();
                chunk.addQueryGradientsTo(state, normalizer);
            }
        }
    }

    private void writeKeyAndValueGradients(TaylorChunk chunk, float[] state, float[] normalizer, int b, int h,
            int first) {
        chunk.multiplyKeysByQueries();
        if (result.v() != null) {
            chunk.mapKeys();
            chunk.writeValueGradient(state, result.v(), b, h, first);
        }
        if (result.k() != null) {
            chunk.multiplyValuesByGradients();
            chunk.writeKeyGradient(state, normalizer, result.k(), b, h, first);
        }
    }

    private void enter(TaylorChunk chunk, int b, int h, int first) {
        chunk.length(Math.min(TaylorChunk.TOKENS, length - first));
        chunk.load(input, padding, b, h, first);
        chunk.loadGradients(gradient, output.out(), output.normalizers(), b, h, first);
    }
}
