package io.heed.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The loops of a dot product that each edge modulates, channel by channel: for a few entries of one row at a time, each
 * loop one operation over all of them. Rows of {@code vectors} are padded to whole vectors.
 */
final class ModulatedRows {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;

    private ModulatedRows() { }

    /** {@code products[k * W + c] = near[row][c] far[column][c] scale modulation[edge][c]}, the vector scores. */
    static void products(HeadLanes lanes, Rows near, int row, Rows far, Rows modulation, float scale, Csr walk,
            int from, int to, float[] products) {
        int[] column = walk.column;
        int[] edge = walk.edge;
        int width = lanes.row;
        long nearAt = near.offset(0, 0, row) * Float.BYTES;
        long farStride = far.rowStride() * Float.BYTES;
        long edgeStride = modulation.rowStride() * Float.BYTES;
        for (int c = 0; c < width; c += LANES) {
            VectorMask<Float> in = FLOAT.indexInRange(c, width);
            FloatVector own = NodeRows.load(near.data(), nearAt, c, in);
            int at = c;
            for (int slot = from; slot < to; slot++, at += width) {
                own.mul(NodeRows.load(far.data(), column[slot] * farStride, c, in)).mul(scale)
                        .mul(NodeRows.load(modulation.data(), edge[slot] * edgeStride, c, in))
                        .intoArray(products, at, in);
            }
        }
    }

    /** {@code vectors[k][c] = scale gradients[at + k * H + head of c]}. */
    static void spread(HeadLanes lanes, float[] gradients, int at, int count, float scale, float[] vectors) {
        int heads = lanes.heads;
        int padded = Panels.padded(lanes.row);
        for (int c = 0; c < lanes.row; c += LANES) {
            VectorShuffle<Float> spread = lanes.spread(c);
            int w = at + lanes.headAt(c);
            int to = c;
            for (int k = 0; k < count; k++, w += heads, to += padded) {
                NodeRows.spread(gradients, w, spread).mul(scale).intoArray(vectors, to);
            }
        }
    }

    /** Adds {@code scale gradEdgeScores[edge][c]}. */
    static void add(HeadLanes lanes, Rows gradEdgeScores, int[] edge, int from, int to, float scale, float[] vectors) {
        int padded = Panels.padded(lanes.row);
        long stride = gradEdgeScores.rowStride() * Float.BYTES;
        for (int c = 0; c < lanes.row; c += LANES) {
            VectorMask<Float> in = FLOAT.indexInRange(c, lanes.row);
            int at = c;
            for (int slot = from; slot < to; slot++, at += padded) {
                NodeRows.load(gradEdgeScores.data(), edge[slot] * stride, c, in).mul(scale)
                        .add(FloatVector.fromArray(FLOAT, vectors, at)).intoArray(vectors, at);
            }
        }
    }

    /** Multiplies by {@code far[column][c]}. */
    static void toFar(HeadLanes lanes, Rows far, int[] column, int from, int to, float[] vectors) {
        int padded = Panels.padded(lanes.row);
        long stride = far.rowStride() * Float.BYTES;
        for (int c = 0; c < lanes.row; c += LANES) {
            VectorMask<Float> in = FLOAT.indexInRange(c, lanes.row);
            int at = c;
            for (int slot = from; slot < to; slot++, at += padded) {
                NodeRows.load(far.data(), column[slot] * stride, c, in).mul(FloatVector.fromArray(FLOAT, vectors, at))
                        .intoArray(vectors, at);
            }
        }
    }

    /** Adds {@code sum over entries of vectors[k][c] modulation[edge][c]} to {@code sum[c]}. */
    static void sum(HeadLanes lanes, Rows modulation, int[] edge, int from, int to, float[] vectors, float[] sum) {
        int padded = Panels.padded(lanes.row);
        long stride = modulation.rowStride() * Float.BYTES;
        for (int c = 0; c < lanes.row; c += LANES) {
            VectorMask<Float> in = FLOAT.indexInRange(c, lanes.row);
            FloatVector s = FloatVector.fromArray(FLOAT, sum, c);
            int at = c;
            for (int slot = from; slot < to; slot++, at += padded) {
                s = NodeRows.load(modulation.data(), edge[slot] * stride, c, in)
                        .fma(FloatVector.fromArray(FLOAT, vectors, at), s);
            }
            s.intoArray(sum, c);
        }
    }

    /** {@code gradModulation[edge][c] = vectors[k][c] near[row][c]}. */
    static void store(HeadLanes lanes, Rows near, int row, Rows gradModulation, int[] edge, int from, int to,
            float[] vectors) {
        int padded = Panels.padded(lanes.row);
        long nearAt = near.offset(0, 0, row) * Float.BYTES;
        long stride = gradModulation.rowStride() * Float.BYTES;
        for (int c = 0; c < lanes.row; c += LANES) {
            VectorMask<Float> in = FLOAT.indexInRange(c, lanes.row);
            FloatVector own = NodeRows.load(near.data(), nearAt, c, in);
            int at = c;
            for (int slot = from; slot < to; slot++, at += padded) {
                NodeRows.store(FloatVector.fromArray(FLOAT, vectors, at).mul(own), gradModulation.data(),
                        edge[slot] * stride, c, in);
            }
        }
    }
}
