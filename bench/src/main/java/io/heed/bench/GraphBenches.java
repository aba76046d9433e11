package io.heed.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch;

import io.heed.graph.Graph;
import io.heed.graph.data.WordNetGraph;
import io.heed.kernels.Csr;
import io.heed.kernels.EdgeAttention;
import io.heed.kernels.Rows;
import io.heed.tensor.Ops;
import io.heed.tensor.View;

/** Attention over the edges of a graph against gathering and scattering in libtorch, what PyG does on a CPU. */
final class GraphBenches {
    private static final int HEADS = 8;
    private static final int WIDTH = 8;
    private static final float SCALE = (float) (1 / Math.sqrt(WIDTH));

    private GraphBenches() { }

    static List<BenchCase> all() {
        List<BenchCase> cases = new ArrayList<>();
        for (Size size : Size.values()) {
            String shape = size.shape + " " + HEADS + "x" + WIDTH;
            cases.add(new SideBySide("edge-forward", shape, "gather and scatter in libtorch", () -> {
                Inputs in = new Inputs(size.graph());
                return new SideBySide.Sides(in::forward, in::gatherScatter, in::outputError, 1e-4);
            }));
            cases.add(new SideBySide("edge-forward-backward", shape, "gather and scatter in libtorch", () -> {
                Inputs in = new Inputs(size.graph());
                return new SideBySide.Sides(in::forwardBackward, in::gatherScatterBackward, in::gradientError, 1e-4);
            }));
        }
        return cases;
    }

    private enum Size {
        /** As many nodes and edges as Cora, with in-degrees as uneven as a citation graph's. */
        CITATIONS("2708 nodes") {
            @Override
            Graph graph() {
                int nodes = 2_708;
                int[] from = new int[10_556];
                int[] to = new int[from.length];
                Random random = new Random(nodes);
                for (int e = 0; e < from.length; e++) {
                    from[e] = random.nextInt(nodes);
                    to[e] = (int) (nodes * Math.pow(random.nextDouble(), 1.5));
                }
                return Graph.directed(nodes, from, to);
            }
        },
        /** WordNet's synsets and all its relations. */
        WORDNET("WordNet") {
            @Override
            Graph graph() {
                return WordNetGraph.nodes().graph();
            }
        };

        private final String shape;

        Size(String shape) {
            this.shape = shape;
        }

        abstract Graph graph();
    }

    /** A graph and its tensors. */
    private static final class Inputs {
        private final int nodes;
        private final Csr edges;
        private final Tensor source;
        private final Tensor target;
        private final Tensor[] inputs = new Tensor[3];
        private final Tensor[] gradients = new Tensor[3];
        private final Tensor[] expected = new Tensor[3];
        private final Tensor gradOut;
        private final Tensor out;
        private final Tensor statistics;
        private final Tensor otherOut;

        Inputs(Graph graph) {
            nodes = graph.nodes();
            edges = graph.csr();
            edges.transpose();
            source = Ops.of(Arrays.stream(graph.source()).asLongStream().toArray());
            target = Ops.of(Arrays.stream(graph.target()).asLongStream().toArray());
            for (int i = 0; i < 3; i++) {
                inputs[i] = Tensors.normal(nodes, HEADS, WIDTH);
                gradients[i] = Tensors.zeros(nodes, HEADS, WIDTH);
                expected[i] = Tensors.zeros(nodes, HEADS, WIDTH);
            }
            gradOut = Tensors.normal(nodes, HEADS, WIDTH);
            out = Tensors.zeros(nodes, HEADS, WIDTH);
            statistics = Tensors.zeros(nodes, 3, HEADS);
            otherOut = Tensors.zeros(nodes, HEADS, WIDTH);
        }

        /** (N, H, d) as kernels see it: (1, H, N, d). */
        private Rows rows(Tensor x) {
            return new Rows(View.segment(x), 1, HEADS, nodes, WIDTH, 0, WIDTH, (long) HEADS * WIDTH);
        }

        private EdgeAttention attention() {
            return EdgeAttention.dotProduct(edges, rows(inputs[0]), rows(inputs[1]), rows(inputs[2]), SCALE);
        }

        void forward() {
            attention().forward(rows(out), null, View.segment(statistics));
        }

        void forwardBackward() {
            EdgeAttention attention = attention();
            attention.forward(rows(out), null, View.segment(statistics));
            attention.backward(rows(gradOut), null, View.segment(statistics), new EdgeAttention.Gradients(
                    rows(gradients[0]), rows(gradients[1]), null, null, rows(gradients[2])));
        }

        void gatherScatter() {
            try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
                otherOut.set_data(compose(inputs[0], inputs[1], inputs[2]));
            }
        }

        void gatherScatterBackward() {
            try (PointerScope _ = new PointerScope(); AutoGradMode _ = new AutoGradMode(true)) {
                Tensor[] leaves = new Tensor[3];
                for (int i = 0; i < 3; i++) {
                    leaves[i] = inputs[i].detach().set_requires_grad(true);
                }
                compose(leaves[0], leaves[1], leaves[2]).backward(gradOut, new BoolOptional(), false,
                        new TensorArrayRefOptional());
                for (int i = 0; i < 3; i++) {
                    expected[i].set_data(leaves[i].grad());
                }
            }
        }

        private Tensor compose(Tensor query, Tensor key, Tensor value) {
            Tensor scores = Ops.scale(query.index_select(0, target).mul(key.index_select(0, source))
                    .sum(new long[] {-1}, false, null), SCALE);
            Tensor most = torch.zeros(nodes, HEADS).scatter_reduce(0,
                    target.unsqueeze(1).expand(new long[] {scores.size(0), HEADS}, false), scores.detach(), "amax",
                    false);
            Tensor weights = scores.sub(most.index_select(0, target)).exp();
            Tensor sums = torch.zeros(nodes, HEADS).index_add(0, target, weights);
            Tensor shares = weights.div(sums.index_select(0, target).add(new Scalar(1e-16)));
            return torch.zeros(nodes, HEADS, WIDTH)
                    .index_add(0, target, value.index_select(0, source).mul(shares.unsqueeze(-1)));
        }

        double outputError() {
            return Tensors.difference(out, otherOut);
        }

        double gradientError() {
            double worst = 0;
            for (int i = 0; i < 3; i++) {
                worst = Math.max(worst, Tensors.difference(gradients[i], expected[i]));
            }
            return worst;
        }
    }
}
