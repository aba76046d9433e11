package io.heed.nn;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.Tensor;

import io.heed.kernels.NeighborhoodAttention;
import io.heed.kernels.NeighborhoodGradients;
import io.heed.kernels.NeighborhoodSpec;
import io.heed.kernels.Rows;
import io.heed.tensor.Autograd;
import io.heed.tensor.View;

/**
 * Neighborhood attention by the fused CPU kernel, with its gradients: {@link ComposedNeighborhood} without any buffer
 * of N times the window, for float32 on the CPU.
 *
 * <p>Any strides will do as long as the channels of a row lie side by side, so heads sliced from a packed projection
 * are not copied. The output's rows lie as (B, N, H, e).
 */
public final class FusedNeighborhood {
    private FusedNeighborhood() { }

    /**
     * Attends.
     *
     * @param q     (B, H, N, d), tokens of the grid in raster order
     * @param k     (B, H, N, d)
     * @param v     (B, H, N, e)
     * @param table relative bias (H, 2 K - 1, ...), or null
     * @throws IllegalArgumentException when shapes do not fit, or a tensor is not float32 on the CPU
     */
    public static NeighborhoodResult apply(Tensor q, Tensor k, Tensor v, Tensor table, NeighborhoodSpec spec) {
        List<Tensor> inputs = table == null ? List.of(q, k, v) : List.of(q, k, v, table);
        List<Tensor> outputs = Autograd.apply(inputs, (context, _) -> {
            Tensor out = q.new_empty(q.size(0), q.size(2), q.size(1), v.size(-1)).transpose(1, 2);
            Tensor lse = q.new_empty(q.size(0), q.size(1), q.size(2));
            Tensor dense = table == null ? null : table.contiguous();
            try (View qs = View.read(q); View ks = View.read(k); View vs = View.read(v); View os = View.write(out)) {
                NeighborhoodAttention.forward(qs.rows(), ks.rows(), vs.rows(), segment(dense), os.rows(),
                        View.segment(lse), spec);
            }
            context.save(q, k, v, out, lse);
            if (dense != null) {
                context.save(dense);
            }
            return List.of(out, lse);
        }, (context, gradients) -> backward(context, gradients, spec, table != null));
        return new NeighborhoodResult(outputs.get(0), outputs.get(1));
    }

    private static List<Tensor> backward(Autograd.Context context, List<Tensor> gradients, NeighborhoodSpec spec,
            boolean biased) {
        Tensor out = context.saved(3);
        Tensor dOut = gradients.get(0) == null ? out.new_zeros(out.shape()) : gradients.get(0);
        Tensor dLse = gradients.get(1) == null ? null : gradients.get(1).contiguous();
        Tensor table = biased ? context.saved(5) : null;
        List<Tensor> results = new ArrayList<>();
        Rows[] written = new Rows[3];
        for (int input = 0; input < written.length; input++) {
            Tensor like = context.saved(input);
            boolean needed = context.needsGradient(input);
            Tensor result = needed
                    ? like.new_empty(like.size(0), like.size(2), like.size(1), like.size(3)).transpose(1, 2) : null;
            written[input] = needed ? View.write(result).rows() : null;
            results.add(result);
        }
        boolean tableNeeded = biased && context.needsGradient(3);
        Tensor dTable = tableNeeded ? table.new_empty(table.shape()) : null;
        if (biased) {
            results.add(dTable);
        }
        try (View q = View.read(context.saved(0)); View k = View.read(context.saved(1));
                View v = View.read(context.saved(2)); View o = View.read(out); View g = View.read(dOut)) {
            NeighborhoodAttention.backward(q.rows(), k.rows(), v.rows(), segment(table), o.rows(),
                    View.segment(context.saved(4)), g.rows(), segment(dLse),
                    new NeighborhoodGradients(written[0], written[1], written[2], segment(dTable)), spec);
        }
        return results;
    }

    private static MemorySegment segment(Tensor tensor) {
        return tensor == null ? null : View.segment(tensor);
    }
}
