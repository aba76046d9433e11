package io.heed.kernels;

import java.util.Arrays;

/** The forward pass of one call. */
final class LinearForward {
    private static final Scratch STATES = new Scratch();

    private final LinearCall call;
    private final LinearAttention.Output output;

    LinearForward(LinearAttention.Input input, LinearAttention.Output output, LinearAttentionSpec spec) {
        call = new LinearCall(input, spec);
        this.output = output;
    }

    void run() {
        if (call.segments == 1) {
            Workers.run(call.heads, this::head);
            return;
        }
        int segments = call.segments;
        int size = call.stateFloats;
        float[] states = STATES.atLeast((long) call.heads * segments * size, "states"); // before each segment
        float[] after = new float[size];
        Workers.run(call.heads * segments, task -> accumulate(task, states, task * size));
        for (int head = 0; head < call.heads; head++) {
            combine(head, states, after);
        }
        Workers.run(call.heads * segments, task -> write(task, states, task * size));
    }

    private void head(int head) {
        int b = call.batchOf(head);
        int h = call.headOf(head);
        float[] state = STATES.atLeast(call.stateFloats);
        if (!call.spec.causal()) {
            accumulate(head, state, 0);
            float[] initial = new float[call.stateFloats];
            call.readState(call.input.initial(), b, h, initial, 0);
            Panels.add(state, 0, initial, 0, call.stateFloats);
        } else {
            call.readState(call.input.initial(), b, h, state, 0);
        }
        write(head, state, 0);
        call.writeState(state, 0, output.last(), b, h);
    }

    /** The state of a segment's own tokens. */
    private void accumulate(int task, float[] state, int at) {
        int b = call.batchOf(task);
        int h = call.headOf(task);
        int segment = task % call.segments;
        LinearChunk chunk = call.chunkOf(task);
        Arrays.fill(state, at, at + call.stateFloats, 0);
        for (int i = call.firstChunk(segment); i < call.firstChunk(segment + 1); i++) {
            int first = call.enter(chunk, i);
            call.loadKeysAndValues(chunk, b, h, first);
            chunk.scaleKeysToEnd();
            chunk.addToState(state, at);
        }
    }

    /** From each segment's own state to the state before it, or, in full attention, to that of all tokens. */
    private void combine(int head, float[] states, float[] after) {
        int size = call.stateFloats;
        int segments = call.segments;
        int b = call.batchOf(head * segments);
        int h = call.headOf(head * segments);
        call.readState(call.input.initial(), b, h, after, 0);
        for (int segment = 0; segment < segments; segment++) {
            int task = head * segments + segment;
            float decay = call.segmentDecay(task);
            for (int i = 0; i < size; i++) {
                float own = states[task * size + i];
                states[task * size + i] = after[i];
                after[i] = Math.fma(after[i], decay, own);
            }
        }
        call.writeState(after, 0, output.last(), b, h);
        for (int segment = 0; !call.spec.causal() && segment < segments; segment++) {
            System.arraycopy(after, 0, states, (head * segments + segment) * size, size);
        }
    }

    /** The outputs of a segment; in causal attention the state moves on. */
    private void write(int task, float[] state, int at) {
        int b = call.batchOf(task);
        int h = call.headOf(task);
        int segment = task % call.segments;
        boolean causal = call.spec.causal();
        LinearChunk chunk = call.chunkOf(task);
        for (int i = call.firstChunk(segment); i < call.firstChunk(segment + 1); i++) {
            int first = call.enter(chunk, i);
            if (causal) {
                call.loadKeysAndValues(chunk, b, h, first);
            }
            if (output.out() != null) {
                chunk.loadQueries(call.input.q(), b, h, first);
                if (causal) {
                    chunk.multiplyQueriesByKeys();
                }
                chunk.scaleQueriesFromStart();
                chunk.writeOut(state, at, causal, output.out(), b, h, first);
            }
            if (causal) {
                chunk.scaleKeysToEnd();
                chunk.addToState(state, at);
            }
        }
    }
}
