package io.heed.kernels;

import java.util.Arrays;

/**
 * The backward pass of one call: a sweep from the first chunk to the last with the state S gives dQ, a sweep from the
 * last to the first with its gradient dS gives dK and dV. In full attention both are whole before the outputs are
 * written.
 */
final class LinearBackward {
    private static final Scratch STATES = new Scratch();
    private static final Scratch GRADIENTS = new Scratch();
    private static final Scratch COMBINED = new Scratch();

    private final LinearCall call;
    private final LinearAttention.Output gradient;
    private final LinearAttention.Input result;
    private final boolean causal;
    private final int turnedFloats;

    LinearBackward(LinearAttention.Input input, LinearAttention.Output gradient, LinearAttention.Input result,
            LinearAttentionSpec spec) {
        call = new LinearCall(input, spec);
        this.gradient = gradient;
        this.result = result;
        causal = spec.causal();
        turnedFloats = LinearChunk.stateFloats(call.valueWidth, call.keyWidth);
    }

    void run() {
        int segments = call.segments;
        if (segments == 1) {
            Workers.run(call.heads, this::head);
            return;
        }
        float[] states = STATES.atLeast((long) call.heads * segments * turnedFloats, "states"); // before each, (e, d)
        float[] gradients = GRADIENTS.atLeast((long) call.heads * segments * call.stateFloats, "states"); // after each
        Workers.run(call.heads * segments, task -> {
            accumulateState(task, states, task * turnedFloats);
            accumulateGradient(task, gradients, task * call.stateFloats);
        });
        for (int head = 0; head < call.heads; head++) {
            combineStates(head, states, head * segments);
            combineGradients(head, gradients, head * segments);
        }
        Workers.run(call.heads * segments, task -> {
            writeQueryGradients(task, states, task * turnedFloats);
            writeKeyAndValueGradients(task, gradients, task * call.stateFloats);
        });
    }

    private void head(int head) {
        int b = call.batchOf(head);
        int h = call.headOf(head);
        float[] state = STATES.atLeast(turnedFloats);
        float[] gradients = GRADIENTS.atLeast(call.stateFloats);
        if (causal) {
            readTurned(call.input.initial(), b, h, state);
            call.readState(gradient.last(), b, h, gradients, 0);
        } else {
            accumulateState(head, state, 0);
            accumulateGradient(head, gradients, 0);
            combineStates(head, state, 0);
            combineGradients(head, gradients, 0);
        }
        writeQueryGradients(head, state, 0);
        writeKeyAndValueGradients(head, gradients, 0);
        if (causal) {
            call.writeState(gradients, 0, result.initial(), b, h);
        }
    }

    private void readTurned(Rows from, int b, int h, float[] to) {
        float[] state = COMBINED.atLeast(Math.max(call.stateFloats, turnedFloats));
        call.readState(from, b, h, state, 0);
        Panels.transpose(state, 0, Panels.padded(call.valueWidth), call.keyWidth, call.valueWidth, to, 0,
                Panels.padded(call.keyWidth));
    }

    private void accumulateState(int task, float[] state, int at) {
        int segment = task % call.segments;
        Arrays.fill(state, at, at + turnedFloats, 0);
        if (result.q() == null) {
            return;
        }
        LinearChunk chunk = call.chunkOf(task);
        for (int i = call.firstChunk(segment); i < call.firstChunk(segment + 1); i++) {
            int first = call.enter(chunk, i);
            call.loadKeysAndValues(chunk, call.batchOf(task), call.headOf(task), first);
            chunk.scaleValuesToEnd();
            chunk.addToTurnedState(state, at);
        }
    }

    private void accumulateGradient(int task, float[] state, int at) {
        int segment = task % call.segments;
        Arrays.fill(state, at, at + call.stateFloats, 0);
        if (gradient.out() == null) {
            return;
        }
        LinearChunk chunk = call.chunkOf(task);
        for (int i = call.firstChunk(segment + 1) - 1; i >= call.firstChunk(segment); i--) {
            int first = call.enter(chunk, i);
            chunk.loadQueries(call.input.q(), call.batchOf(task), call.headOf(task), first);
            chunk.loadOutGradients(gradient.out(), call.batchOf(task), call.headOf(task), first);
            chunk.scaleQueriesFromStart();
            chunk.addToStateGradient(state, at);
        }
    }

    /**
     * From each segment's own state, from {@code slot} on, to the state before it or, in full attention, of all tokens.
     */
    private void combineStates(int head, float[] states, int slot) {
        int segments = call.segments;
        float[] after = new float[turnedFloats];
        readTurned(call.input.initial(), call.batchOf(head * segments), call.headOf(head * segments), after);
        for (int segment = 0; segment < segments; segment++) {
            pass(states, (slot + segment) * turnedFloats, after, turnedFloats,
                    call.segmentDecay(head * segments + segment));
        }
        spread(states, slot, after, turnedFloats);
    }

    /** From each segment's own dS, from {@code slot} on, to the dS after it or, in full attention, of all tokens. */
    private void combineGradients(int head, float[] gradients, int slot) {
        int segments = call.segments;
        int b = call.batchOf(head * segments);
        int h = call.headOf(head * segments);
        float[] before = new float[call.stateFloats];
        call.readState(gradient.last(), b, h, before, 0);
        for (int segment = segments - 1; segment >= 0; segment--) {
            pass(gradients, (slot + segment) * call.stateFloats, before, call.stateFloats,
                    call.segmentDecay(head * segments + segment));
        }
        call.writeState(before, 0, result.initial(), b, h);
        spread(gradients, slot, before, call.stateFloats);
    }

    private static void pass(float[] states, int at, float[] carried, int size, float decay) {
        for (int i = 0; i < size; i++) {
            float own = states[at + i];
            states[at + i] = carried[i];
            carried[i] = Math.fma(carried[i], decay, own);
        }
    }

    private void spread(float[] states, int slot, float[] whole, int size) {
        for (int segment = 0; !causal && segment < call.segments; segment++) {
            System.arraycopy(whole, 0, states, (slot + segment) * size, size);
        }
    }

    private void writeQueryGradients(int task, float[] state, int at) {
        if (result.q() == null) {
            return;
        }
        int b = call.batchOf(task);
        int h = call.headOf(task);
        int segment = task % call.segments;
        if (gradient.out() == null) {
            LinearCall.zero(result.q(), b, h, call.firstRow(segment), call.firstRow(segment + 1));
            return;
        }
        LinearChunk chunk = call.chunkOf(task);
        for (int i = call.firstChunk(segment); i < call.firstChunk(segment + 1); i++) {
            int first = call.enter(chunk, i);
            chunk.loadOutGradients(gradient.out(), b, h, first);
            if (causal) {
                call.loadKeysAndValues(chunk, b, h, first);
                chunk.multiplyOutGradientsByValues();
            }
            chunk.scaleOutGradientsFromStart();
            chunk.writeQueryGradient(state, at, causal, result.q(), b, h, first);
            if (causal) {
                chunk.scaleValuesToEnd();
                chunk.addToTurnedState(state, at);
            }
        }
    }

    private void writeKeyAndValueGradients(int task, float[] state, int at) {
        if (result.k() == null && result.v() == null && (!causal || result.initial() == null)) {
            return;
        }
        int b = call.batchOf(task);
        int h = call.headOf(task);
        int segment = task % call.segments;
        boolean inside = causal && gradient.out() != null;
        LinearChunk chunk = call.chunkOf(task);
        for (int i = call.firstChunk(segment + 1) - 1; i >= call.firstChunk(segment); i--) {
            int first = call.enter(chunk, i);
            call.loadKeysAndValues(chunk, b, h, first);
            if (inside) {
                chunk.loadQueries(call.input.q(), b, h, first);
                chunk.loadOutGradients(gradient.out(), b, h, first);
            }
            if (result.k() != null) {
                writeKeyGradient(chunk, state, at, inside, b, h, first);
            }
            if (result.v() != null) {
                writeValueGradient(chunk, state, at, inside, b, h, first);
            }
            if (inside) {
                chunk.scaleQueriesFromStart();
                chunk.addToStateGradient(state, at);
            } else if (causal) {
                chunk.decayState(state, at);
            }
        }
    }

    private void writeKeyGradient(LinearChunk chunk, float[] state, int at, boolean inside, int b, int h, int first) {
        if (inside) {
            chunk.multiplyOutGradientsByValues();
        }
        chunk.scaleValuesToEnd();
        chunk.writeKeyGradient(state, at, inside, result.k(), b, h, first);
    }

    private void writeValueGradient(LinearChunk chunk, float[] state, int at, boolean inside, int b, int h, int first) {
        if (inside) {
            chunk.multiplyQueriesByKeys();
        }
        chunk.scaleKeysToEnd();
        chunk.writeValueGradient(state, at, inside, result.v(), b, h, first);
    }
}
