package io.heed.kernels;

import java.util.Arrays;

/**
 * What the forward and the backward pass of one call share: sizes, and how a head is cut into segments of whole chunks.
 * A task is a segment; where heads are few there are several, whose states are computed apart and then combined.
 */
final class LinearCall {
    /** From this many heads on, a segment is a whole head. */
    private static final int ENOUGH_HEADS = 4;
    private static final int SEGMENTS = 16;
    private static final int SHORTEST_SEGMENT = 1024;
    private static final int CHUNK_STEP = 48;

    final LinearAttention.Input input;
    final LinearAttentionSpec spec;
    final int perBatch;
    final int heads;
    final int rows;
    final int keyWidth;
    final int valueWidth;
    final int chunk;
    final int chunks;
    final int segments;
    final int stateFloats;

    LinearCall(LinearAttention.Input input, LinearAttentionSpec spec) {
        this.input = input;
        this.spec = spec;
        Rows q = input.q();
        perBatch = q.heads();
        heads = Math.multiplyExact(q.batch(), q.heads());
        rows = q.rows();
        keyWidth = q.width();
        valueWidth = input.v().width();
        int chosen = spec.chunk() > 0 ? spec.chunk() : chunkFor(Math.max(keyWidth, valueWidth));
        chunk = Math.max(1, Math.min(chosen, rows));
        chunks = (rows + chunk - 1) / chunk;
        segments = heads == 0 || heads >= ENOUGH_HEADS ? 1 : Math.clamp(rows / SHORTEST_SEGMENT, 1, SEGMENTS / heads);
        stateFloats = LinearChunk.stateFloats(keyWidth, valueWidth);
    }

    /** Where time was least for heads of this width, flat around it; whole register blocks and vectors of any size. */
    private static int chunkFor(int width) {
        return Math.max(CHUNK_STEP, width / 2 / CHUNK_STEP * CHUNK_STEP);
    }

    int batchOf(int task) {
        return task / segments / perBatch;
    }

    int headOf(int task) {
        return task / segments % perBatch;
    }

    /** First chunk of segment {@code segment}. */
    int firstChunk(int segment) {
        return (int) ((long) chunks * segment / segments);
    }

    int firstRow(int segment) {
        return Math.min(rows, firstChunk(segment) * chunk);
    }

    LinearChunk chunkOf(int task) {
        return LinearChunk.of(keyWidth, valueWidth, chunk, spec.scale(), spec.decay(headOf(task)));
    }

    /** Makes chunk number {@code index} the current one and returns its first row. */
    int enter(LinearChunk chunkOfHead, int index) {
        int first = index * chunk;
        chunkOfHead.length(Math.min(chunk, rows - first));
        return first;
    }

    /** decay^rows of a segment. */
    float segmentDecay(int task) {
        int segment = task % segments;
        return (float) Math.exp(-(double) spec.decay(headOf(task)) * (firstRow(segment + 1) - firstRow(segment)));
    }

    /** Loads the keys and values of a chunk, without those that do not exist. */
    void loadKeysAndValues(LinearChunk current, int b, int h, int first) {
        current.loadKeys(input.k(), b, h, first);
        current.loadValues(input.v(), b, h, first);
        current.hide(spec.padding(), b, rows, first);
    }

    /** A state (d, e) into scratch, its rows padded; zeros when there is none. */
    void readState(Rows from, int b, int h, float[] to, int at) {
        if (from == null) {
            Arrays.fill(to, at, at + stateFloats, 0);
        } else {
            Panels.read(from.data(), from.offset(b, h, 0), from.rowStride(), keyWidth, valueWidth, to, at,
                    Panels.padded(valueWidth));
        }
    }

    void writeState(float[] from, int at, Rows to, int b, int h) {
        if (to != null) {
            Panels.write(from, at, Panels.padded(valueWidth), keyWidth, valueWidth, to.data(), to.offset(b, h, 0),
                    to.rowStride());
        }
    }

    /** Clears rows {@code from} to {@code to} of one head. */
    static void zero(Rows rows, int b, int h, int from, int to) {
        for (int n = from; n < to; n++) {
            rows.data().asSlice(rows.offset(b, h, n) * Float.BYTES, (long) rows.width() * Float.BYTES).fill((byte) 0);
        }
    }
}
