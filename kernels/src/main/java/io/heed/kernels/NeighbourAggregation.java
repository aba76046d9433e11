package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Aggregation of the neighbours' rows, channel by channel, forward and backward, without a buffer of one row an edge.
 * The backward pass walks the transposed matrix, so no two threads write to one place and the result does not depend on
 * their number. A node without incoming edges gives 0.
 */
public final class NeighbourAggregation {
    /** What is taken of the neighbours' values of a channel. */
    public enum Kind {
        /** sum of w_e x_s */
        SUM,
        /** sum of w_e x_s, divided by the number of neighbours */
        MEAN,
        /** largest x_s; of equal ones the first */
        MAX,
        /** sum of w_e x_s^2 */
        SUM_OF_SQUARES
    }

    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final int LANES = Lanes.COUNT;
    private static final int GROUP_ENTRIES = 1 << 20;
    private static final int NONE = -1;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private NeighbourAggregation() { }

    /**
     * Fills {@code out}.
     *
     * @param edges   the graph by target
     * @param x       (1, 1, sources, W)
     * @param weights w, one float an edge by edge number; null is 1. Not with {@link Kind#MAX}
     * @param out     (1, 1, targets, W)
     * @param winners (targets, W) ints, for {@link Kind#MAX} only: the edge number that gave each maximum, or -1; null
     *                when no backward pass will follow
     * @throws IllegalArgumentException that names the argument and both numbers, when shapes do not fit
     */
    public static void forward(Kind kind, Csr edges, Rows x, MemorySegment weights, Rows out, MemorySegment winners) {
        check(kind, edges, x, weights, out);
        if (kind == Kind.MAX) {
            checkWinners(edges, x.width(), winners, false);
            edges.forEachGroup(GROUP_ENTRIES, (first, end) -> {
                for (int row = first; row < end; row++) {
                    largest(edges, row, x, out, winners);
                }
            });
            return;
        }
        edges.forEachGroup(GROUP_ENTRIES, (first, end) -> {
            for (int row = first; row < end; row++) {
                float share = kind == Kind.MEAN ? 1f / Math.max(1, edges.degree(row)) : 1;
                gather(edges, row, x, weights, null, kind == Kind.SUM_OF_SQUARES, share, out);
            }
        });
    }

    /**
     * Fills {@code gradX}, the gradient of x.
     *
     * @param gradOut (1, 1, targets, W)
     * @param winners as {@link #forward} left it, for {@link Kind#MAX}
     * @param gradX   (1, 1, sources, W)
     * @throws IllegalArgumentException that names the argument and both numbers, when shapes do not fit
     */
    public static void backward(Kind kind, Csr edges, Rows x, MemorySegment weights, Rows gradOut,
            MemorySegment winners, Rows gradX) {
        check(kind, edges, x, weights, gradOut);
        NodeRows.check("gradient of x", gradX, 1, edges.columns, x.width());
        Csr transposed = edges.transpose();
        if (kind == Kind.MAX) {
            checkWinners(edges, x.width(), winners, true);
            transposed.forEachGroup(GROUP_ENTRIES, (first, end) -> {
                for (int row = first; row < end; row++) {
                    fromWinners(transposed, row, gradOut, winners, gradX);
                }
            });
            return;
        }
        transposed.forEachGroup(GROUP_ENTRIES, (first, end) -> {
            for (int row = first; row < end; row++) {
                gather(transposed, row, gradOut, weights, kind == Kind.MEAN ? edges : null, false, 1, gradX);
                if (kind == Kind.SUM_OF_SQUARES) {
                    timesTwice(x, gradX, row);
                }
            }
        });
    }

    /**
     * {@code out[row] = share * sum over entries of w_e y_c (or y_c^2)}, each entry divided by its degree in
     * {@code divisor}.
     */
    private static void gather(Csr walk, int row, Rows y, MemorySegment weights, Csr divisor, boolean squares,
            float share, Rows out) {
        int from = walk.start[row];
        int to = walk.start[row + 1];
        int[] column = walk.column;
        int[] edge = walk.edge;
        int width = y.width();
        MemorySegment data = y.data();
        long stride = y.rowStride() * Float.BYTES;
        long outAt = out.offset(0, 0, row) * Float.BYTES;
        int c = 0;
        for (; c + 4 * LANES <= width; c += 4 * LANES) {
            FloatVector s0 = FloatVector.zero(FLOAT);
            FloatVector s1 = s0;
            FloatVector s2 = s0;
            FloatVector s3 = s0;
            for (int slot = from; slot < to; slot++) {
                float w = weight(weights, edge[slot], divisor, column[slot]);
                long at = column[slot] * stride;
                FloatVector y0 = NodeRows.load(data, at, c);
                FloatVector y1 = NodeRows.load(data, at, c + LANES);
                FloatVector y2 = NodeRows.load(data, at, c + 2 * LANES);
                FloatVector y3 = NodeRows.load(data, at, c + 3 * LANES);
                FloatVector factor = FloatVector.broadcast(FLOAT, w);
                s0 = y0.fma(squares ? y0.mul(factor) : factor, s0);
                s1 = y1.fma(squares ? y1.mul(factor) : factor, s1);
                s2 = y2.fma(squares ? y2.mul(factor) : factor, s2);
                s3 = y3.fma(squares ? y3.mul(factor) : factor, s3);
            }
            NodeRows.store(s0.mul(share), out.data(), outAt, c);
            NodeRows.store(s1.mul(share), out.data(), outAt, c + LANES);
            NodeRows.store(s2.mul(share), out.data(), outAt, c + 2 * LANES);
            NodeRows.store(s3.mul(share), out.data(), outAt, c + 3 * LANES);
        }
        for (; c < width; c += LANES) {
            VectorMask<Float> in = FLOAT.indexInRange(c, width);
            FloatVector s = FloatVector.zero(FLOAT);
            for (int slot = from; slot < to; slot++) {
                FloatVector factor = FloatVector.broadcast(FLOAT, weight(weights, edge[slot], divisor, column[slot]));
                FloatVector value = NodeRows.load(data, column[slot] * stride, c, in);
                s = value.fma(squares ? value.mul(factor) : factor, s);
            }
            NodeRows.store(s.mul(share), out.data(), outAt, c, in);
        }
    }

    private static float weight(MemorySegment weights, int edge, Csr divisor, int target) {
        float w = weights == null ? 1 : weights.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, edge);
        return divisor == null ? w : w / divisor.degree(target);
    }

    private static void timesTwice(Rows x, Rows gradX, int row) {
        long xAt = x.offset(0, 0, row) * Float.BYTES;
        long gradAt = gradX.offset(0, 0, row) * Float.BYTES;
        for (int c = 0; c < x.width(); c += LANES) {
            VectorMask<Float> in = FLOAT.indexInRange(c, x.width());
            FloatVector g = NodeRows.load(gradX.data(), gradAt, c, in);
            NodeRows.store(g.mul(NodeRows.load(x.data(), xAt, c, in)).mul(2), gradX.data(), gradAt, c, in);
        }
    }

    private static void largest(Csr edges, int row, Rows x, Rows out, MemorySegment winners) {
        int width = x.width();
        long stride = x.rowStride() * Float.BYTES;
        boolean empty = edges.degree(row) == 0;
        for (int c = 0; c < width; c += LANES) {
            VectorMask<Float> in = FLOAT.indexInRange(c, width);
            FloatVector most = FloatVector.broadcast(FLOAT, empty ? 0 : Float.NEGATIVE_INFINITY);
            IntVector winner = IntVector.broadcast(Lanes.INT, NONE);
            for (int slot = edges.start[row]; slot < edges.start[row + 1]; slot++) {
                FloatVector value = NodeRows.load(x.data(), edges.column[slot] * stride, c, in);
                VectorMask<Float> larger = value.compare(VectorOperators.GT, most);
                if (slot == edges.start[row]) {
                    larger = FLOAT.maskAll(true);
                }
                most = most.blend(value, larger);
                winner = winner.blend(edges.edge[slot], larger.cast(Lanes.INT));
            }
            NodeRows.store(most, out.data(), out.offset(0, 0, row) * Float.BYTES, c, in);
            if (winners != null) {
                winner.intoMemorySegment(winners, ((long) row * width + c) * Integer.BYTES,
                        ORDER, in.cast(Lanes.INT));
            }
        }
    }

    private static void fromWinners(Csr transposed, int row, Rows gradOut, MemorySegment winners, Rows gradX) {
        int width = gradOut.width();
        for (int c = 0; c < width; c += LANES) {
            VectorMask<Float> in = FLOAT.indexInRange(c, width);
            FloatVector sum = FloatVector.zero(FLOAT);
            for (int slot = transposed.start[row]; slot < transposed.start[row + 1]; slot++) {
                int target = transposed.column[slot];
                IntVector winner = IntVector.fromMemorySegment(Lanes.INT, winners,
                        ((long) target * width + c) * Integer.BYTES, ORDER,
                        in.cast(Lanes.INT));
                VectorMask<Float> own = winner.compare(VectorOperators.EQ, transposed.edge[slot]).cast(FLOAT).and(in);
                sum = sum.add(NodeRows.load(gradOut.data(), gradOut.offset(0, 0, target) * Float.BYTES, c, own));
            }
            NodeRows.store(sum, gradX.data(), gradX.offset(0, 0, row) * Float.BYTES, c, in);
        }
    }

    private static void check(Kind kind, Csr edges, Rows x, MemorySegment weights, Rows out) {
        Arguments.required("edges", edges);
        Arguments.required("x", x);
        Arguments.required("out", out);
        NodeRows.check("x", x, 1, edges.columns, x.width());
        NodeRows.check("out", out, 1, edges.rows, x.width());
        if (weights == null) {
            return;
        }
        if (kind == Kind.MAX) {
            throw new IllegalArgumentException("weights were given, but the largest value takes none");
        }
        if (weights.byteSize() / Float.BYTES < edges.edges()) {
            throw new IllegalArgumentException("weights hold " + weights.byteSize() / Float.BYTES + " floats, must be "
                    + edges.edges());
        }
    }

    private static void checkWinners(Csr edges, int width, MemorySegment winners, boolean required) {
        if (required) {
            Arguments.required("winners", winners);
        }
        long want = (long) edges.rows * width;
        if (winners != null && winners.byteSize() / Integer.BYTES < want) {
            throw new IllegalArgumentException("winners hold " + winners.byteSize() / Integer.BYTES + " ints, must be "
                    + want);
        }
    }
}
