package io.heed.sequence.combiner;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.tensor.Ops;

/**
 * The axial mixture: exact keys along a token's row and column, everything else by stretches of rows and columns, all
 * in one softmax.
 *
 * <p>Causal, for token (u, s): 1. the column above, exactly; 2. the row so far, exactly; 3. the other columns above;
 * 4. of each row above, what is left of the column; 5. and what is right of it.
 *
 * <p>Not causal: 1. the row and 2. the column, exactly, so that a token counts twice with itself; 3. what is above and
 * 4. what is below each place of its row, 5. what is left and 6. what is right of each place of its column. A stretch
 * that holds nothing has a key of 0 and the mean of its whole line.
 */
final class AxialMixture {
    private AxialMixture() { }

    /** (B, H, n, S, d). */
    static Tensor causal(Grid grid, Running running) {
        long rows = grid.rows();
        long segment = grid.segment();
        Tensor same = torch.eye(segment, Ops.options(torch.ScalarType.Bool))
                .to(grid.keys().device(), torch.ScalarType.Bool);
        Tensor notAbove = Grid.above(rows, 0, grid.keys()); // u' >= u
        Stretches above = Stretches.above(grid, running);
        Stretches left = Stretches.left(grid, running);
        Stretches right = Stretches.right(grid, running);
        Tensor weights = Ops.maskedSoftmax(Ops.cat(-1, // (B, H, n, S, 3 n + 2 S)
                byColumn(grid, grid.keys(), grid.hidden(), notAbove),
                byRow(grid, grid.keys(), grid.hidden(), Grid.above(segment, 1, grid.keys())),
                byRow(grid, above.keys(), above.empty(), same),
                byColumn(grid, left.keys(), left.empty(), notAbove),
                byColumn(grid, right.keys(), right.empty(), notAbove)), -1);
        return alongColumns(weights, 0, grid.values())
                .add(alongRows(weights, rows, grid.values()))
                .add(alongRows(weights, rows + segment, above.values()))
                .add(alongColumns(weights, rows + 2 * segment, left.values()))
                .add(alongColumns(weights, 2 * rows + 2 * segment, right.values()));
    }

    /** (B, H, n, S, d). */
    static Tensor bidirectional(Grid grid, Running running) {
        long rows = grid.rows();
        long segment = grid.segment();
        Tensor none = torch.zeros(new long[] {1}, Ops.options(torch.ScalarType.Bool))
                .to(grid.keys().device(), torch.ScalarType.Bool);
        Stretches above = Stretches.above(grid, running).orColumnMeans(grid);
        Stretches below = Stretches.below(grid, running).orColumnMeans(grid);
        Stretches left = Stretches.left(grid, running).orRowMeans(grid);
        Stretches right = Stretches.right(grid, running).orRowMeans(grid);
        Tensor weights = Ops.maskedSoftmax(Ops.cat(-1, // (B, H, n, S, 3 n + 3 S)
                byRow(grid, grid.keys(), grid.hidden(), none), byColumn(grid, grid.keys(), grid.hidden(), none),
                byRow(grid, above.keys(), above.empty(), none), byRow(grid, below.keys(), below.empty(), none),
                byColumn(grid, left.keys(), left.empty(), none), byColumn(grid, right.keys(), right.empty(), none)),
                -1);
        return alongRows(weights, 0, grid.values())
                .add(alongColumns(weights, segment, grid.values()))
                .add(alongRows(weights, segment + rows, above.values()))
                .add(alongRows(weights, 2 * segment + rows, below.values()))
                .add(alongColumns(weights, 3 * segment + rows, left.values()))
                .add(alongColumns(weights, 3 * segment + 2 * rows, right.values()));
    }

    /** Logits by the keys of a query's row, (B, H, n, S, S). */
    private static Tensor byRow(Grid grid, Tensor keys, Tensor absent, Tensor mask) {
        return Grid.logits(grid.queries(), keys, absent.unsqueeze(-2).logical_or(mask));
    }

    /** Logits by the keys of a query's column, (B, H, n, S, n). */
    private static Tensor byColumn(Grid grid, Tensor keys, Tensor absent, Tensor mask) {
        return Grid.logits(grid.queries().transpose(2, 3), keys.transpose(2, 3),
                absent.transpose(2, 3).unsqueeze(-2).logical_or(mask)).transpose(2, 3);
    }

    /** Weights from place {@code from} on, of the places of a query's row, times what stands there. */
    private static Tensor alongRows(Tensor weights, long from, Tensor values) {
        return weights.narrow(-1, from, values.size(3)).matmul(values);
    }

    /** Likewise of the places of its column. */
    private static Tensor alongColumns(Tensor weights, long from, Tensor values) {
        return weights.narrow(-1, from, values.size(2)).transpose(2, 3).matmul(values.transpose(2, 3))
                .transpose(2, 3);
    }
}
