package io.heed.sequence.combiner;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.tensor.Ops;

/**
 * The axial mixture's groups: for each place of the grid what comes before it in its row, after it, or above or below
 * it in its column.
 *
 * @param keys   (B, H, n, S, d), running maxima or sums
 * @param values (B, H, n, S, d)
 * @param empty  (B, 1, n, S), true where there is nothing
 */
record Stretches(Tensor keys, Tensor values, Tensor empty) {
    /** Left of each place in its row. */
    static Stretches left(Grid grid, Running running) {
        long size = grid.segment();
        Tensor later = grid.hidden().unsqueeze(-2).logical_or(Grid.above(size, 1, grid.keys()));
        Tensor weights = Ops.maskedSoftmax(
                Grid.logits(running.along(grid.queries(), grid.hidden()), grid.keys(), later), -1);
        Tensor nothing = grid.hidden().logical_not().to(Ops.type(grid.keys())).cumsum(3).lt(new Scalar(0.5));
        return new Stretches(shifted(running.along(grid.keys(), grid.hidden())), shifted(weights.matmul(grid.values())),
                Ops.cat(3, torch.ones_like(nothing.narrow(3, 0, 1)), nothing.narrow(3, 0, size - 1)));
    }

    /** Right of each place in its row. */
    static Stretches right(Grid grid, Running running) {
        Stretches mirrored = left(grid.mirrored(), running);
        return new Stretches(mirrored.keys.flip(3), mirrored.values.flip(3), mirrored.empty.flip(3));
    }

    /** Above each place in its column. */
    static Stretches above(Grid grid, Running running) {
        return left(grid.turned(), running).turned();
    }

    /** Below each place in its column. */
    static Stretches below(Grid grid, Running running) {
        return right(grid.turned(), running).turned();
    }

    private Stretches turned() {
        return new Stretches(keys.transpose(2, 3), values.transpose(2, 3), empty.transpose(2, 3));
    }

    /**
     * The same with the mean of the whole row, and a key of 0, where there is nothing: as the bidirectional code has
     * it. Only rows without any token stay empty.
     */
    Stretches orRowMeans(Grid grid) {
        Tensor seen = grid.hidden().logical_not().unsqueeze(-1).to(Ops.type(values));
        Tensor count = seen.sum(new long[] {3}, true, new ScalarTypeOptional());
        Tensor mean = grid.values().mul(seen).sum(new long[] {3}, true, new ScalarTypeOptional())
                .div(count.clamp_min(new Scalar(1)));
        Tensor filled = values.add(mean.mul(empty.unsqueeze(-1)));
        return new Stretches(keys, filled, grid.hidden().all(3, true).expand(empty.sizes()));
    }

    /** The same with the mean of the whole column. */
    Stretches orColumnMeans(Grid grid) {
        return turned().orRowMeans(grid.turned()).turned();
    }

    /** One place on, zeros at the first. */
    private static Tensor shifted(Tensor x) {
        return Ops.cat(3, torch.zeros_like(x.narrow(3, 0, 1)), x.narrow(3, 0, x.size(3) - 1));
    }
}
