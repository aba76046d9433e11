package io.heed.sequence.graphaware;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.kernels.Csr;
import io.heed.kernels.MapEdges;
import io.heed.nn.Aggregation;
import io.heed.nn.Form;
import io.heed.tensor.Ops;
import io.heed.tensor.View;

/** The graph on which a {@link SparseGin} passes messages. */
sealed interface MapGraph {
    /** What each position receives from the rows of y (B, N, F): (B, N, F). */
    Tensor messages(Tensor y);

    /**
     * All entries.
     *
     * @param weights (B, N, N), 0 for no edge
     */
    record Dense(Tensor weights) implements MapGraph {
        @Override
        public Tensor messages(Tensor y) {
            return weights.matmul(y);
        }
    }

    /**
     * Edges from each position to itself.
     *
     * @param weights (B, N)
     */
    record Own(Tensor weights) implements MapGraph {
        @Override
        public Tensor messages(Tensor y) {
            return y.mul(weights.unsqueeze(-1));
        }
    }

    /**
     * Few entries.
     *
     * @param edges   of B N nodes, by query
     * @param weights (E) by edge number
     */
    record Sparse(Csr edges, Tensor weights) implements MapGraph {
        @Override
        public Tensor messages(Tensor y) {
            return Aggregation.sum(edges, y.flatten(0, 1), weights, Form.AUTO).view_as(y);
        }

        /** The edges above {@code limit} of maps (B, H, N, N). */
        static Csr above(Tensor maps, MapEdges.Join join, double limit, boolean selfEdges) {
            try (View view = View.read(maps.detach())) {
                return MapEdges.above(view.rows(), join, (float) limit, selfEdges);
            }
        }

        /** The heads' weights at {@code edges}: (1, H, E) of maps (B, H, N, N), with their gradient. */
        static Tensor at(Csr edges, Tensor maps) {
            int n = Math.toIntExact(maps.size(3));
            long heads = maps.size(1);
            long[] first = new long[edges.edges()];                              // place in the first head's map
            for (int node = 0; node < edges.rows(); node++) {
                int sequence = node / n;
                long row = (sequence * heads * n + node % n) * n;
                for (int slot = edges.first(node); slot < edges.first(node + 1); slot++) {
                    first[edges.edge(slot)] = row + edges.column(slot) - (long) sequence * n;
                }
            }
            Tensor shift = torch.arange(new Scalar(heads), Ops.options(ScalarType.Long)).mul(new Scalar((long) n * n));
            Tensor places = Ops.of(first).unsqueeze(0).add(shift.unsqueeze(1));  // (H, E)
            return maps.flatten().index_select(0, places.flatten()).view(1, heads, first.length);
        }
    }
}
