package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The sizes of one attention, taken from its arguments after all of them were checked against each other.
 *
 * @param batch      B
 * @param heads      H, query heads
 * @param kvHeads    Hkv, key/value heads; H is a multiple
 * @param queries    Nq
 * @param keys       Nk
 * @param width      d, of queries and keys
 * @param valueWidth width of values and outputs
 */
record AttentionShape(int batch, int heads, int kvHeads, int queries, int keys, int width, int valueWidth) {
    private static final int WIDEST = 256;

    static AttentionShape check(Rows q, Rows k, Rows v, AttentionSpec spec) {
        same("k", "batch", k.batch(), "q", q.batch());
        same("k", "head width", k.width(), "q", q.width());
        same("v", "batch", v.batch(), "q", q.batch());
        same("v", "heads", v.heads(), "k", k.heads());
        same("v", "rows", v.rows(), "k", k.rows());
        checkWidth("q", "head width", q.width());
        checkWidth("v", "value width", v.width());
        if (k.heads() == 0 ? q.heads() != 0 : q.heads() % k.heads() != 0) {
            throw new IllegalArgumentException("k: heads " + k.heads() + ", q has " + q.heads()
                    + ", which is not a multiple");
        }
        AttentionShape shape = new AttentionShape(q.batch(), q.heads(), k.heads(), q.rows(), k.rows(), q.width(),
                v.width());
        shape.checkMask(spec.mask());
        shape.checkPadding(spec.padding());
        shape.checkBias(spec.bias());
        return shape;
    }

    /** Query heads that share one key/value head. */
    int group() {
        return heads / kvHeads;
    }

    boolean isEmpty() {
        return batch == 0 || kvHeads == 0;
    }

    /** Checks a view of the shape of the output, (B, H, Nq, dv). */
    void checkLikeOutput(String name, Rows view) {
        same(name, "batch", view.batch(), "q", batch);
        same(name, "heads", view.heads(), "q", heads);
        same(name, "rows", view.rows(), "q", queries);
        same(name, "width", view.width(), "v", valueWidth);
    }

    /** Checks a view of the shape of the queries, (B, H, Nq, d). */
    void checkLikeQueries(String name, Rows view) {
        same(name, "batch", view.batch(), "q", batch);
        same(name, "heads", view.heads(), "q", heads);
        same(name, "rows", view.rows(), "q", queries);
        same(name, "width", view.width(), "q", width);
    }

    /** Checks a view of the shape of the keys or, with their width, the values. */
    void checkLikeKeys(String name, Rows view, String likeName, int likeWidth) {
        same(name, "batch", view.batch(), likeName, batch);
        same(name, "heads", view.heads(), likeName, kvHeads);
        same(name, "rows", view.rows(), likeName, keys);
        same(name, "width", view.width(), likeName, likeWidth);
    }

    /** Checks that no two elements of a view that is written to share memory through a stride of 0. */
    static void checkDistinct(String name, Rows view) {
        if (view.batch() == 0 || view.heads() == 0 || view.rows() == 0) {
            return;
        }
        distinct(name, "batch", view.batchStride(), view.batch());
        distinct(name, "head", view.headStride(), view.heads());
        distinct(name, "row", view.rowStride(), view.rows());
    }

    /** Checks a contiguous (B, H, Nq) array such as the log-sum-exp. */
    void checkPerRow(String name, MemorySegment data) {
        holds(name, data, (long) batch * heads * queries, "(B, H, Nq) = (" + batch + ", " + heads + ", " + queries
                + ")");
    }

    static void same(String name, String what, int got, String otherName, int other) {
        if (got != other) {
            throw new IllegalArgumentException(name + ": " + what + " " + got + ", " + otherName + " has " + other);
        }
    }

    private static void distinct(String name, String dimension, long stride, int size) {
        if (stride == 0 && size > 1) {
            throw new IllegalArgumentException(name + ": " + dimension + " stride 0 would write " + size
                    + " to one place");
        }
    }

    static void holds(String name, MemorySegment data, long floats, String shape) {
        Rows.checkShared(name, data);
        if (data.byteSize() / Float.BYTES < floats) {
            throw new IllegalArgumentException(name + ": holds " + data.byteSize() / Float.BYTES + " floats, " + shape
                    + " needs " + floats);
        }
    }

    private static void checkWidth(String name, String what, int width) {
        if (width < 1 || width > WIDEST) {
            throw new IllegalArgumentException(name + ": " + what + " " + width + ", must be 1 to " + WIDEST);
        }
    }

    private void checkMask(Mask mask) {
        if (mask instanceof Mask.Placed placed) {
            checkPositions(placed.positions());
        }
        if (!(mask instanceof Mask.BlockSparse sparse)) {
            return;
        }
        int needed = ceilDiv(queries, sparse.queryBlock());
        if (sparse.queryBlocks() != needed) {
            throw new IllegalArgumentException("block-sparse: query blocks " + sparse.queryBlocks() + ", " + queries
                    + " queries in blocks of " + sparse.queryBlock() + " make " + needed);
        }
        int rows = sparse.offsets().length - 1;
        if (rows != needed && rows != needed * heads) {
            throw new IllegalArgumentException("block-sparse: lists for " + rows + " query blocks, must be " + needed
                    + " for all heads or " + needed * heads + " for " + heads + " heads");
        }
        int keyBlocks = ceilDiv(keys, sparse.keyBlock());
        int last = Arrays.stream(sparse.blocks()).max().orElse(-1);
        if (last >= keyBlocks) {
            throw new IllegalArgumentException("block-sparse: names key block " + last + ", " + keys
                    + " keys in blocks of "
                    + sparse.keyBlock() + " make " + keyBlocks);
        }
    }

    private void checkPositions(int[] positions) {
        if (positions.length != batch * queries) {
            throw new IllegalArgumentException("positions: " + positions.length + " given, " + batch + " sequences of "
                    + queries + " queries need " + batch * queries);
        }
        for (int at = 0; at < positions.length; at++) {
            if (at % queries > 0 && positions[at] < positions[at - 1]) {
                throw new IllegalArgumentException("positions: must not fall along sequence " + at / queries + ", got "
                        + positions[at] + " after " + positions[at - 1]);
            }
        }
    }

    private void checkPadding(KeyPadding padding) {
        switch (padding) {
            case KeyPadding.None none -> { }
            case KeyPadding.Lengths given -> {
                int[] lengths = given.lengths();
                if (lengths.length != batch) {
                    throw new IllegalArgumentException("key lengths: " + lengths.length + " given, q has batch "
                            + batch);
                }
                for (int b = 0; b < batch; b++) {
                    if (lengths[b] < 0 || lengths[b] > keys) {
                        throw new IllegalArgumentException("key lengths: sequence " + b + " has " + lengths[b]
                                + ", must be 0 to " + keys);
                    }
                }
            }
            case KeyPadding.Flags flags -> {
                if (flags.exists().byteSize() < (long) batch * keys) {
                    throw new IllegalArgumentException("key flags: hold " + flags.exists().byteSize()
                            + " bytes, (B, Nk) = ("
                            + batch + ", " + keys + ") needs " + (long) batch * keys);
                }
            }
        }
    }

    private void checkBias(Bias bias) {
        switch (bias) {
            case Bias.None none -> { }
            case Bias.Alibi alibi -> {
                if (alibi.slopes().length != heads) {
                    throw new IllegalArgumentException("alibi: slopes " + alibi.slopes().length + ", q has " + heads
                            + " heads");
                }
            }
            case Bias.RelativeTable table -> holds("relative table", table.table(), (long) heads * table.width(),
                    "(H, left + 1 + right) = (" + heads + ", " + table.width() + ")");
            case Bias.Dense dense -> checkDense("dense bias", dense.values());
        }
    }

    /** Checks a view (B or 1, H or 1, Nq, Nk). */
    void checkDense(String name, Rows values) {
        if (values.batch() != 1) {
            same(name, "batch", values.batch(), "q", batch);
        }
        if (values.heads() != 1) {
            same(name, "heads", values.heads(), "q", heads);
        }
        same(name, "rows", values.rows(), "q", queries);
        if (values.width() != keys) {
            throw new IllegalArgumentException(name + ": width " + values.width() + ", k has " + keys + " rows");
        }
    }

    static int ceilDiv(int a, int b) {
        return (a + b - 1) / b;
    }
}
