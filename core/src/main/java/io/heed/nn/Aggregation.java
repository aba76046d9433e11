package io.heed.nn;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.Csr;
import io.heed.kernels.NeighbourAggregation;
import io.heed.kernels.NeighbourAggregation.Kind;
import io.heed.tensor.Autograd;
import io.heed.tensor.Ops;
import io.heed.tensor.View;

/**
 * Sums, means, maxima and sums of squares over the entries of a sparse matrix's rows, composed and fused, with
 * gradients: what a node receives from its neighbours, what a graph receives from its nodes, and the product of sparse
 * features with a weight matrix. A row without entries gives 0.
 */
public final class Aggregation {
    private Aggregation() { }

    /**
     * Aggregates.
     *
     * @param matrix  row t lists what t receives from
     * @param x       (columns, W)
     * @param weights one factor an entry by edge number, without gradient; null for 1
     * @return (rows, W)
     */
    public static Tensor apply(Kind kind, Csr matrix, Tensor x, float[] weights, Form form) {
        if (!form.isFused(x)) {
            return composed(kind, matrix, x, weights);
        }
        return Autograd.apply(List.of(x), (context, in) -> {
            Tensor out = Ops.empty(matrix.rows(), x.size(1));
            Tensor winners = kind == Kind.MAX
                    ? torch.empty(new long[] {matrix.rows(), x.size(1)}, Ops.options(torch.ScalarType.Int), null)
                    : null;
            try (View rows = View.read(in.getFirst()); View o = View.write(out)) {
                NeighbourAggregation.forward(kind, matrix, rows.rows(), segment(weights), o.rows(),
                        winners == null ? null : View.segment(winners));
            }
            if (winners == null) {
                context.save(in.getFirst());
            } else {
                context.save(in.getFirst(), winners);
            }
            return List.of(out);
        }, (context, gradients) -> {
            Tensor saved = context.saved(0);
            Tensor gradient = torch.empty_like(saved.contiguous());
            try (View rows = View.read(saved); View g = View.read(gradients.getFirst().contiguous());
                    View into = View.write(gradient)) {
                NeighbourAggregation.backward(kind, matrix, rows.rows(), segment(weights), g.rows(),
                        kind == Kind.MAX ? View.segment(context.saved(1)) : null, into.rows());
            }
            return List.of(gradient);
        }).getFirst();
    }

    /**
     * {@code out_t = sum over entries of w_e x_s}, with a gradient of the weights too.
     *
     * @param matrix  row t lists what t receives from
     * @param x       (columns, W)
     * @param weights (edges) by edge number
     * @return (rows, W)
     */
    public static Tensor sum(Csr matrix, Tensor x, Tensor weights, Form form) {
        if (!form.isFused(x)) {
            return composedSum(matrix, x, weights.unsqueeze(1));
        }
        return Autograd.apply(List.of(x, weights), (context, in) -> {
            Tensor out = Ops.empty(matrix.rows(), x.size(1));
            Tensor factors = in.get(1).contiguous();
            try (View rows = View.read(in.getFirst()); View o = View.write(out)) {
                NeighbourAggregation.forward(Kind.SUM, matrix, rows.rows(), View.segment(factors), o.rows(), null);
            }
            context.save(in.getFirst(), factors);
            return List.of(out);
        }, (context, gradients) -> {
            Tensor values = context.saved(0);
            Tensor factors = context.saved(1);
            Tensor ofValues = context.needsGradient(0) ? torch.empty_like(values.contiguous()) : null;
            Tensor ofFactors = context.needsGradient(1) ? torch.empty_like(factors) : null;
            try (View rows = View.read(values); View g = View.read(gradients.getFirst().contiguous())) {
                if (ofValues != null) {
                    try (View into = View.write(ofValues)) {
                        NeighbourAggregation.backward(Kind.SUM, matrix, rows.rows(), View.segment(factors), g.rows(),
                                null, into.rows());
                    }
                }
                if (ofFactors != null) {
                    NeighbourAggregation.weightGradient(matrix, rows.rows(), g.rows(), View.segment(ofFactors));
                }
            }
            return Arrays.asList(ofValues, ofFactors);
        }).getFirst();
    }

    private static Tensor composedSum(Csr matrix, Tensor x, Tensor weights) {
        long[] column = new long[matrix.edges()];
        long[] row = new long[matrix.edges()];
        for (int r = 0; r < matrix.rows(); r++) {
            for (int slot = matrix.first(r); slot < matrix.first(r + 1); slot++) {
                column[matrix.edge(slot)] = matrix.column(slot);
                row[matrix.edge(slot)] = r;
            }
        }
        return torch.zeros(new long[] {matrix.rows(), x.size(1)}, x.options())
                .index_add(0, Ops.of(row), x.index_select(0, Ops.of(column)).mul(weights));
    }

    private static Tensor composed(Kind kind, Csr matrix, Tensor x, float[] weights) {
        long[] column = new long[matrix.edges()];
        long[] row = new long[matrix.edges()];
        float[] factor = new float[matrix.edges()];
        for (int r = 0; r < matrix.rows(); r++) {
            for (int slot = matrix.first(r); slot < matrix.first(r + 1); slot++) {
                column[slot] = matrix.column(slot);
                row[slot] = r;
                factor[slot] = (weights == null ? 1 : weights[matrix.edge(slot)])
                        / (kind == Kind.MEAN ? matrix.degree(r) : 1);
            }
        }
        Tensor target = Ops.of(row);
        Tensor messages = x.index_select(0, Ops.of(column));
        Tensor zero = torch.zeros(new long[] {matrix.rows(), x.size(1)}, x.options());
        if (kind == Kind.MAX) {
            return zero.scatter_reduce(0, target.unsqueeze(1).expand_as(messages), messages, "amax", false);
        }
        if (kind == Kind.SUM_OF_SQUARES) {
            messages = messages.mul(messages);
        }
        return zero.index_add(0, target, messages.mul(Ops.of(factor).to(x.options(), false, false, null).unsqueeze(1)));
    }

    private static MemorySegment segment(float[] weights) {
        return weights == null ? null : MemorySegment.ofArray(weights);
    }
}
