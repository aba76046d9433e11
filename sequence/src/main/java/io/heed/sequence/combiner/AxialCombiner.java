package io.heed.sequence.combiner;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Padding;
import io.heed.tensor.Ops;

/**
 * The axial mixture: tokens as rows of S, token (u, s) in row u and column s. Five sets of keys, one softmax over all:
 *
 * <ol>
 * <li>the column above, exactly; 2. the row so far, exactly;</li>
 * <li>the other columns above, each by the running maximum of its keys;</li>
 * <li>of each row above, what is left of the column; 5. and what is right of it, likewise.</li>
 * </ol>
 */
final class AxialCombiner {
    private AxialCombiner() { }

    /** q scaled, k, v (B, H, N, d): (B, H, N, d). */
    static Tensor apply(int segment, Tensor q, Tensor k, Tensor v, Padding padding) {
        long length = q.size(2);
        long rows = (length + segment - 1) / segment;
        Tensor hidden = grid(hidden(q, padding, rows * segment), rows, segment); // (B, 1, n, S)
        Tensor queries = grid(filled(q, rows * segment - length), rows, segment); // (B, H, n, S, d)
        Tensor keys = grid(filled(k, rows * segment - length), rows, segment);
        Tensor values = grid(filled(v, rows * segment - length), rows, segment);
        TensorOptions bool = Ops.options(torch.ScalarType.Bool);
        // u' >= u
        Tensor notBelow = torch.ones(new long[] {rows, rows}, bool).triu(0).to(q.device(), torch.ScalarType.Bool);
        Tensor later = torch.ones(new long[] {segment, segment}, bool).triu(1).to(q.device(), torch.ScalarType.Bool);
        Tensor same = torch.eye(segment, bool).to(q.device(), torch.ScalarType.Bool);

        Tensor byColumn = queries.transpose(2, 3); // (B, H, S, n, d)
        Tensor column = products(byColumn, keys.transpose(2, 3), hidden.transpose(2, 3), notBelow).transpose(2, 3);
        Tensor row = products(queries, keys, hidden, later);
        Groups above = Groups.ofColumns(queries, keys, values, hidden);
        Tensor columns = products(queries, above.keys, above.empty, same); // over s', (B, H, n, S, S)
        Groups left = Groups.ofRows(queries, keys, values, hidden);
        Tensor lefts = products(byColumn, left.keys.transpose(2, 3), left.empty.transpose(2, 3), notBelow)
                .transpose(2, 3);
        Groups right = turnedBack(Groups.ofRows(queries.flip(3), keys.flip(3), values.flip(3), hidden.flip(3)));
        Tensor rights = products(byColumn, right.keys.transpose(2, 3), right.empty.transpose(2, 3), notBelow)
                .transpose(2, 3);

        // (B, H, n, S, 3 n + 2 S)
        Tensor weights = Ops.maskedSoftmax(Ops.cat(-1, column, row, columns, lefts, rights), -1);
        Tensor out = byColumn(weights, 0, rows, values)
                .add(weights.narrow(-1, rows, segment).matmul(values))
                .add(weights.narrow(-1, rows + segment, segment).matmul(above.values))
                .add(byColumn(weights, rows + 2L * segment, rows, left.values))
                .add(byColumn(weights, 2 * rows + 2L * segment, rows, right.values));
        return out.flatten(2, 3).narrow(2, 0, length);
    }

    private static Groups turnedBack(Groups turned) {
        return new Groups(turned.keys.flip(3), turned.values.flip(3), turned.empty.flip(3));
    }

    /** Weights over the rows of a query's column, times what stands there: (B, H, n, S, d). */
    private static Tensor byColumn(Tensor weights, long from, long count, Tensor values) {
        return weights.narrow(-1, from, count).transpose(2, 3).matmul(values.transpose(2, 3)).transpose(2, 3);
    }

    /** Logits of lines of queries by lines of keys, -infinity where a key is hidden or the mask is true. */
    private static Tensor products(Tensor queries, Tensor keys, Tensor hidden, Tensor mask) {
        Tensor logits = queries.matmul(keys.transpose(-2, -1));
        return Ops.fill(logits, hidden.unsqueeze(-2).logical_or(mask), Double.NEGATIVE_INFINITY);
    }

    /**
     * Groups that end before a place of the grid: at (u, s) what is above it in its column, or to its left in its row.
     *
     * @param keys   (B, H, n, S, d), running maxima
     * @param values (B, H, n, S, d)
     * @param empty  (B, 1, n, S), true where there is nothing before
     */
    private record Groups(Tensor keys, Tensor values, Tensor empty) {
        static Groups ofColumns(Tensor q, Tensor k, Tensor v, Tensor hidden) {
            Groups turned = ofRows(q.transpose(2, 3), k.transpose(2, 3), v.transpose(2, 3), hidden.transpose(2, 3));
            return new Groups(turned.keys.transpose(2, 3), turned.values.transpose(2, 3), turned.empty.transpose(2, 3));
        }

        static Groups ofRows(Tensor q, Tensor k, Tensor v, Tensor hidden) {
            long size = q.size(3);
            Tensor later = torch.ones(new long[] {size, size}, Ops.options(torch.ScalarType.Bool)).triu(1)
                    .to(q.device(), torch.ScalarType.Bool);
            Tensor weights = Ops.maskedSoftmax(products(running(q, hidden), k, hidden, later), -1);
            Tensor nothing = hidden.logical_not().to(Ops.type(q)).cumsum(3).lt(new Scalar(0.5));
            return new Groups(shifted(running(k, hidden)), shifted(weights.matmul(v)), Ops.cat(3,
                    torch.ones_like(nothing.narrow(3, 0, 1)), nothing.narrow(3, 0, size - 1)));
        }

        /** The largest so far, channel by channel; 0 where there is none. */
        private static Tensor running(Tensor x, Tensor hidden) {
            Tensor most = Ops.fill(x, hidden.unsqueeze(-1), Double.NEGATIVE_INFINITY).cummax(3).get0();
            return Ops.fill(most, most.isinf(), 0);
        }

        /** One place on, zeros at the first. */
        private static Tensor shifted(Tensor x) {
            return Ops.cat(3, torch.zeros_like(x.narrow(3, 0, 1)), x.narrow(3, 0, x.size(3) - 1));
        }
    }

    /** (B, ..., N, ...) with N split into rows: dimension 2 of (B, H, N, d) or of (B, 1, N). */
    static Tensor grid(Tensor x, long rows, long segment) {
        return x.unflatten(2, rows, segment);
    }

    /** True for padded tokens and for places beyond the sequence, (B, 1, places). */
    static Tensor hidden(Tensor q, Padding padding, long places) {
        TensorOptions bool = Ops.options(torch.ScalarType.Bool);
        Tensor mask = padding == null ? torch.zeros(new long[] {q.size(0), q.size(2)}, bool) : padding.mask();
        Tensor beyond = torch.ones(new long[] {q.size(0), places - q.size(2)}, bool);
        return Ops.cat(1, mask, beyond).unsqueeze(1).to(q.device(), torch.ScalarType.Bool);
    }

    static Tensor filled(Tensor x, long missing) {
        return missing == 0 ? x
                : Ops.cat(2, x, torch.zeros(new long[] {x.size(0), x.size(1), missing, x.size(3)}, x.options()));
    }
}
