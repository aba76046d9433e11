package io.heed.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

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
        int[][] sizes = {{2_708, 10_556}, {117_791, 378_000}};
        for (int[] size : sizes) {
            String shape = size[0] + " nodes, " + size[1] + " edges, " + HEADS + "x" + WIDTH;
            cases.add(new SideBySide("edge-attention-forward", shape, "gather and scatter in libtorch", () -> {
                Inputs in = new Inputs(size[0], size[1]);
                return new SideBySide.Sides(in::forward, in::gatherScatter, in::outputError, 1e-4);
            }));
            cases.add(new SideBySide("edge-attention-forward-backward", shape, "gather and scatter in libtorch", () -> {
                Inputs in = new Inputs(size[0], size[1]);
                return new SideBySide.Sides(in::forwardBackward, in::gatherScatterBackward, in::gradientError, 1e-4);
            }));
        }
        return cases;
    }

    /** A random graph whose in-degrees are as uneven as those of citation graphs, and its tensors. */
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

        Inputs(int nodes, int edgeCount) {
            this.nodes = nodes;
            Random random = new Random(nodes);
            int[] from = new int[edgeCount];
            int[] to = new int[edgeCount];
            for (int e = 0; e < edgeCount; e++) {
                from[e] = random.nextInt(nodes);
                to[e] = (int) (nodes * Math.pow(random.nextDouble(), 1.5));
            }
            Arrays.sort(to);
            edges = Csr.of(nodes, nodes, from, to);
            edges.transpose();
            source = Ops.of(Arrays.stream(from).asLongStream().toArray()).retainReference();
            target = Ops.of(Arrays.stream(to).asLongStream().toArray()).retainReference();
            for (int i = 0; i < 3; i++) {
                inputs[i] = torch.randn(nodes, HEADS, WIDTH).retainReference();
                gradients[i] = torch.zeros(nodes, HEADS, WIDTH).retainReference();
            }
            gradOut = torch.randn(nodes, HEADS, WIDTH).retainReference();
            out = torch.zeros(nodes, HEADS, WIDTH).retainReference();
            statistics = torch.zeros(nodes, 3, HEADS).retainReference();
            otherOut = torch.zeros(nodes, HEADS, WIDTH).retainReference();
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
                otherOut.copy_(compose(inputs[0], inputs[1], inputs[2]));
            }
        }

        void gatherScatterBackward() {
            try (PointerScope _ = new PointerScope(); AutoGradMode _ = new AutoGradMode(true)) {
                Tensor[] leaves = new Tensor[3];
                for (int i = 0; i < 3; i++) {
                    leaves[i] = inputs[i].detach().set_requires_grad(true);
                }
                compose(leaves[0], leaves[1], leaves[2]).mul(gradOut).sum().backward();
                for (int i = 0; i < 3; i++) {
                    expected[i] = leaves[i].grad().clone().retainReference();
                }
            }
        }

        private Tensor compose(Tensor query, Tensor key, Tensor value) {
            Tensor scores = Ops.scale(query.index_select(0, target).mul(key.index_select(0, source))
                    .sum(new long[] {-1}, false, null), SCALE);
            Tensor most = torch.zeros(nodes, HEADS).scatter_reduce(0,
                    target.unsqueeze(1).expand(new long[] {scores.size(0), HEADS}, false), scores.detach(), "amax", false);
            Tensor weights = scores.sub(most.index_select(0, target)).exp();
            Tensor sums = torch.zeros(nodes, HEADS).index_add(0, target, weights);
            Tensor shares = weights.div(sums.index_select(0, target).add(new Scalar(1e-16)));
            return torch.zeros(nodes, HEADS, WIDTH)
                    .index_add(0, target, value.index_select(0, source).mul(shares.unsqueeze(-1)));
        }

        double outputError() {
            return Ops.largestDifference(out, otherOut);
        }

        double gradientError() {
            double worst = 0;
            for (int i = 0; i < 3; i++) {
                worst = Math.max(worst, Ops.largestDifference(gradients[i], expected[i]));
            }
            return worst;
        }
    }
}
