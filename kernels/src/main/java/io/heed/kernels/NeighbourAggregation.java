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
    /** Each byte of the -1 that stands for no edge. */
    private static final byte NONE = -1;
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
                if (kind == Kind.SUM_OF_SQUARES) {
                    gatherSquares(edges, row, x, weights, out);
                } else {
                    gather(edges, row, x, weights, null, kind == Kind.MEAN ? 1f / Math.max(1, edges.degree(row)) : 1,
                            out);
                }
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
                gather(transposed, row, gradOut, weights, kind == Kind.MEAN ? edges : null, 1, gradX);
                if (kind == Kind.SUM_OF_SQUARES) {
                    timesTwice(x, gradX, row);
                }
            }
        });
    }

    /**
     * Fills {@code gradWeights}, the gradient of the weights of a {@link Kind#SUM}: an edge's is the product of its
     * target's gradient with its source's row.
     *
     * @param gradOut     (1, 1, targets, W)
     * @param gradWeights receives one float an edge by edge number
     * @throws IllegalArgumentException that names the argument and both numbers, when shapes do not fit
     */
    public static void weightGradient(Csr edges, Rows x, Rows gradOut, MemorySegment gradWeights) {
        check(Kind.SUM, edges, x, gradWeights, gradOut);
        edges.forEachGroup(GROUP_ENTRIES, (first, end) -> {
            for (int row = first; row < end; row++) {
                for (int slot = edges.start[row]; slot < edges.start[row + 1]; slot++) {
                    gradWeights.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, edges.edge[slot],
                            product(gradOut, row, x, edges.column[slot]));
                }
            }
        });
    }

    private static float product(Rows a, int aRow, Rows b, int bRow) {
        int width = a.width();
        long aAt = a.offset(0, 0, aRow) * Float.BYTES;
        long bAt = b.offset(0, 0, bRow) * Float.BYTES;
        FloatVector sum = FloatVector.zero(FLOAT);
        int c = 0;
        for (; c + LANES <= width; c += LANES) {
            sum = NodeRows.load(a.data(), aAt, c).fma(NodeRows.load(b.data(), bAt, c), sum);
        }
        if (c < width) {
            VectorMask<Float> in = FLOAT.indexInRange(c, width);
            sum = NodeRows.load(a.data(), aAt, c, in).fma(NodeRows.load(b.data(), bAt, c, in), sum);
        }
        return RowReduction.sumOfLanes(sum);
    }

    /** {@code out[row] = share * sum over entries of w_e y_c}, each entry divided by its degree in {@code divisor}. */
    private static void gather(Csr walk, int row, Rows y, MemorySegment weights, Csr divisor, float share, Rows out) {
        int width = y.width();
        int c = 0;
        for (; c + 4 * LANES <= width; c += 4 * LANES) {
            gatherFour(walk, row, y, weights, divisor, share, out, c);
        }
        for (; c < width; c += LANES) {
            gatherOne(walk, row, y, weights, divisor, share, out, c);
        }
    }

    private static void gatherFour(Csr walk, int row, Rows y, MemorySegment weights, Csr divisor, float share, Rows out,
            int c) {
        int to = walk.start[row + 1];
        int[] column = walk.column;
        int[] edge = walk.edge;
        MemorySegment data = y.data();
        long stride = y.rowStride() * Float.BYTES;
        FloatVector s0 = FloatVector.zero(FLOAT);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int slot = walk.start[row]; slot < to; slot++) {
            FloatVector w = FloatVector.broadcast(FLOAT, weight(weights, edge[slot], divisor, column[slot]));
            long at = column[slot] * stride;
            s0 = NodeRows.load(data, at, c).fma(w, s0);
            s1 = NodeRows.load(data, at, c + LANES).fma(w, s1);
            s2 = NodeRows.load(data, at, c + 2 * LANES).fma(w, s2);
            s3 = NodeRows.load(data, at, c + 3 * LANES).fma(w, s3);
        }
        long outAt = out.offset(0, 0, row) * Float.BYTES;
        NodeRows.store(s0.mul(share), out.data(), outAt, c);
        NodeRows.store(s1.mul(share), out.data(), outAt, c + LANES);
        NodeRows.store(s2.mul(share), out.data(), outAt, c + 2 * LANES);
        NodeRows.store(s3.mul(share), out.data(), outAt, c + 3 * LANES);
    }

    private static void gatherOne(Csr walk, int row, Rows y, MemorySegment weights, Csr divisor, float share, Rows out,
            int c) {
        int to = walk.start[row + 1];
        int[] column = walk.column;
        int[] edge = walk.edge;
        MemorySegment data = y.data();
        long stride = y.rowStride() * Float.BYTES;
        VectorMask<Float> in = FLOAT.indexInRange(c, y.width());
        FloatVector s = FloatVector.zero(FLOAT);
        for (int slot = walk.start[row]; slot < to; slot++) {
            FloatVector w = FloatVector.broadcast(FLOAT, weight(weights, edge[slot], divisor, column[slot]));
            s = NodeRows.load(data, column[slot] * stride, c, in).fma(w, s);
        }
        NodeRows.store(s.mul(share), out.data(), out.offset(0, 0, row) * Float.BYTES, c, in);
    }

    /** {@code out[row] = sum over entries of w_e y_c^2}. */
    private static void gatherSquares(Csr walk, int row, Rows y, MemorySegment weights, Rows out) {
        int to = walk.start[row + 1];
        int[] column = walk.column;
        int[] edge = walk.edge;
        MemorySegment data = y.data();
        long stride = y.rowStride() * Float.BYTES;
        for (int c = 0; c < y.width(); c += LANES) {
            VectorMask<Float> in = FLOAT.indexInRange(c, y.width());
            FloatVector s = FloatVector.zero(FLOAT);
            for (int slot = walk.start[row]; slot < to; slot++) {
                FloatVector w = FloatVector.broadcast(FLOAT, weight(weights, edge[slot], null, column[slot]));
                FloatVector value = NodeRows.load(data, column[slot] * stride, c, in);
                s = value.fma(value.mul(w), s);
            }
            NodeRows.store(s, out.data(), out.offset(0, 0, row) * Float.BYTES, c, in);
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
        int from = edges.start[row];
        int to = edges.start[row + 1];
        int width = x.width();
        long outAt = out.offset(0, 0, row) * Float.BYTES;
        if (from == to) {
            out.data().asSlice(outAt, (long) width * Float.BYTES).fill((byte) 0);
            if (winners != null) {
                winners.asSlice((long) row * width * Integer.BYTES, (long) width * Integer.BYTES).fill(NONE);
            }
            return;
        }
        long stride = x.rowStride() * Float.BYTES;
        for (int c = 0; c < width; c += LANES) {
            VectorMask<Float> in = FLOAT.indexInRange(c, width);
            FloatVector most = NodeRows.load(x.data(), edges.column[from] * stride, c, in);
            IntVector winner = IntVector.broadcast(Lanes.INT, edges.edge[from]);
            for (int slot = from + 1; slot < to; slot++) {
                FloatVector value = NodeRows.load(x.data(), edges.column[slot] * stride, c, in);
                VectorMask<Float> larger = value.compare(VectorOperators.GT, most);
                most = most.blend(value, larger);
                winner = winner.blend(edges.edge[slot], larger.cast(Lanes.INT));
            }
            NodeRows.store(most, out.data(), outAt, c, in);
            if (winners != null) {
                winner.intoMemorySegment(winners, ((long) row * width + c) * Integer.BYTES, ORDER,
                        in.cast(Lanes.INT));
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
