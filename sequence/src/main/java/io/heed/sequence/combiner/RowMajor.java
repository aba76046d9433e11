package io.heed.sequence.combiner;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Registration;
import io.heed.tensor.Ops;

/**
 * The row-major layout: own row exactly, and each row above (not causal: every row) by one group, of which a query sees
 * the one at its own column: K' = LN(a W0 + x) W1 and a, the row's own attention over all of the row.
 */
final class RowMajor {
    private final double epsilon;
    private final DenseGeneral mixing;
    private final DenseGeneral groupKey;
    private final Tensor scale;
    private final Tensor bias;

    /**
     * Groups of rows.
     *
     * @param keys   K', (B, H, n, S, d)
     * @param values a, (B, H, n, S, d)
     */
    record Groups(Tensor keys, Tensor values) { }

    RowMajor(Module owner, CombinerConfig config) {
        epsilon = config.epsilon();
        long width = config.width();
        long headWidth = config.headWidth();
        mixing = owner.register_module("DenseGeneral_0", DenseGeneral.fromHeads(Initialisation.DEVIATION,
                config.heads(), headWidth, width, config.bias()));
        Module norm = owner.register_module("LayerNorm_0", new Module("LayerNorm"));
        scale = Registration.parameter(norm, "scale", torch.ones(width));
        bias = Registration.parameter(norm, "bias", torch.zeros(width));
        groupKey = owner.register_module("DenseGeneral_1", DenseGeneral.toHeads(Initialisation.DEVIATION, width,
                config.heads(), headWidth, config.bias()));
    }

    /** Groups from the rows' inputs x (B, n S, D). A place without a token has zeros for its input and query. */
    Groups groups(Tensor x, Grid grid) {
        Tensor queries = Ops.fill(grid.queries(), grid.hidden().unsqueeze(-1), 0);
        Tensor inputs = Ops.fill(x, grid.hidden().flatten(1, 3).unsqueeze(-1), 0);
        Tensor inRow = Ops.maskedSoftmax(Grid.logits(queries, grid.keys(), grid.hidden().unsqueeze(-2)), -1)
                .matmul(grid.values());
        Tensor normed = torch.layer_norm(mixing.fromHeads(inRow.flatten(2, 3)).add(inputs), new long[] {x.size(2)},
                new TensorOptional(scale), new TensorOptional(bias), epsilon, false);
        return new Groups(groupKey.toHeads(normed).unflatten(2, grid.rows(), grid.segment()), inRow);
    }

    /** (B, H, n, S, d). */
    Tensor apply(Tensor x, Grid grid, boolean causal) {
        long rows = grid.rows();
        long segment = grid.segment();
        Tensor filled = torch.constant_pad_nd(x, new long[] {0, 0, 0, rows * segment - x.size(1)});
        Groups groups = groups(filled, grid);
        Tensor inRow = grid.hidden().unsqueeze(-2); // (B, 1, n, 1, S)
        Tensor rowless = grid.hidden().all(3, true).transpose(2, 3).unsqueeze(-2); // (B, 1, 1, 1, n)
        Tensor own = Grid.logits(grid.queries(), grid.keys(),
                causal ? inRow.logical_or(Grid.above(segment, 1, x)) : inRow);
        Tensor others = Grid.logits(grid.queries().transpose(2, 3), groups.keys.transpose(2, 3),
                causal ? rowless.logical_or(Grid.above(rows, 0, x)) : rowless).transpose(2, 3); // (B, H, n, S, n)
        Tensor weights = Ops.maskedSoftmax(Ops.cat(-1, own, others), -1);
        return weights.narrow(-1, 0, segment).matmul(grid.values())
                .add(weights.narrow(-1, segment, rows).transpose(2, 3).matmul(groups.values.transpose(2, 3))
                        .transpose(2, 3));
    }
}
