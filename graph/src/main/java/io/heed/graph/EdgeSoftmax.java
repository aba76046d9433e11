package io.heed.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.EdgeAttention;
import io.heed.kernels.EdgeScore;
import io.heed.kernels.Rows;
import io.heed.nn.Form;
import io.heed.tensor.Autograd;
import io.heed.tensor.Ops;
import io.heed.tensor.View;

/**
 * Softmax attention over the incoming edges of every node, composed in libtorch operations and fused, with gradients.
 * Heads lie side by side: (N, H, d) for nodes, (E, H, d) or (E, H) for edges. A node without incoming edges gives 0.
 */
public final class EdgeSoftmax {
    /**
     * What attention over edges gives.
     *
     * @param nodes      (N, H, dv), the weighted sums
     * @param edgeScores (E, H, d), the vector scores of a modulated dot product before clamp and exponential; null
     *                   without a modulation
     */
    public record Result(Tensor nodes, Tensor edgeScores) { }

    /**
     * How scores become weights.
     *
     * @param slope   slope of LeakyReLU on the scores; 1 for none
     * @param limit   scores are clamped to [-limit, limit] and clamped ones have no gradient; infinity for none
     * @param epsilon added to the sum of exponentials
     */
    public record Weighting(double slope, double limit, double epsilon) {
        /** The plain softmax. */
        public static final Weighting SOFTMAX = new Weighting(1, Double.POSITIVE_INFINITY, 0);

        /** Softmax of LeakyReLU scores, as in graph attention networks. */
        public static Weighting leaky(double slope) {
            return new Weighting(slope, Double.POSITIVE_INFINITY, 0);
        }
    }

    private EdgeSoftmax() { }

    /**
     * Scores {@code scale <query_t, key_s>}, or {@code scale sum_c query_tc key_sc modulation_ec}.
     *
     * @param query      (N, H, d)
     * @param key        (N, H, d)
     * @param value      (N, H, dv)
     * @param modulation (E, H, d), or null
     */
    public static Result dotProduct(Graph graph, Tensor query, Tensor key, Tensor value, Tensor modulation,
            double scale,
            Weighting weighting, Form form) {
        if (!form.isFused(query)) {
            Tensor scores = Ops.scale(query.index_select(0, target(graph)).mul(key.index_select(0, source(graph))),
                    scale);
            if (modulation != null) {
                scores = scores.mul(modulation);
            }
            Tensor nodes = composed(graph, scores.sum(new long[] {-1}, false, null), value, weighting);
            return new Result(nodes, modulation == null ? null : scores);
        }
        List<Tensor> inputs = new ArrayList<>(List.of(query, key, value));
        if (modulation != null) {
            inputs.add(modulation);
        }
        List<Tensor> outputs = fused(graph, inputs, modulation == null ? null : modulation, weighting,
                in -> new EdgeScore.DotProduct(in[0], in[1], in.length > 3 ? in[3] : null, (float) scale));
        return new Result(outputs.getFirst(), modulation == null ? null : outputs.get(1));
    }

    /**
     * Scores {@code target_t + source_s}, usually through LeakyReLU.
     *
     * @param target (N, H)
     * @param source (N, H)
     * @param value  (N, H, dv)
     * @return (N, H, dv)
     */
    public static Tensor additive(Graph graph, Tensor target, Tensor source, Tensor value, Weighting weighting,
            Form form) {
        if (!form.isFused(value)) {
            Tensor scores = target.index_select(0, target(graph)).add(source.index_select(0, source(graph)));
            return composed(graph, scores, value, weighting);
        }
        return fused(graph, List.of(target, source, value), null, weighting,
                in -> new EdgeScore.Additive(in[0], in[1])).getFirst();
    }

    /** The definition: activation, exponential, sums over a node's edges. scores (E, H), value (N, H, dv). */
    private static Tensor composed(Graph graph, Tensor scores, Tensor value, Weighting weighting) {
        long heads = scores.size(1);
        Tensor target = target(graph);
        Tensor a = scores;
        if (weighting.slope != 1) {
            a = torch.leaky_relu(a, new Scalar(weighting.slope));
        }
        if (weighting.limit != Double.POSITIVE_INFINITY) {
            a = a.clamp(new ScalarOptional(new Scalar(-weighting.limit)),
                    new ScalarOptional(new Scalar(weighting.limit)));
        } else {
            Tensor most = torch.zeros(new long[] {graph.nodes(), heads}, value.options()).scatter_reduce(0,
                    target.unsqueeze(1).expand(new long[] {graph.edges(), heads}, false), a.detach(), "amax", false);
            a = a.sub(most.index_select(0, target));
        }
        Tensor weights = a.exp();
        Tensor sums = torch.zeros(new long[] {graph.nodes(), heads}, value.options()).index_add(0, target, weights);
        Tensor shares = weights.div(Ops.shift(sums, weighting.epsilon).index_select(0, target));
        Tensor messages = value.index_select(0, source(graph)).mul(shares.unsqueeze(-1));
        return torch.zeros(new long[] {graph.nodes(), heads, value.size(2)}, value.options())
                .index_add(0, target, messages);
    }

    @FunctionalInterface
    private interface Score {
        EdgeScore of(Rows[] inputs);
    }

    /** The kernel. Inputs: what the target brings, what the source brings, value, and a modulation if there is one. */
    private static List<Tensor> fused(Graph graph, List<Tensor> inputs, Tensor modulation, Weighting weighting,
            Score score) {
        boolean modulated = modulation != null;
        return Autograd.apply(inputs, (context, in) -> {
            Tensor value = in.get(2);
            Tensor out = torch.empty_like(value.contiguous());
            Tensor scores = modulated ? torch.empty_like(in.get(3).contiguous()) : null;
            Tensor statistics = Ops.empty(graph.nodes(), 3, value.size(1));
            Views views = new Views(in);
            try (views; View o = View.write(heads(out)); View s = modulated ? View.write(heads(scores)) : null) {
                attention(graph, views.rows, weighting, score).forward(o.rows(), s == null ? null : s.rows(),
                        View.segment(statistics));
            }
            List<Tensor> saved = new ArrayList<>(in);
            saved.add(statistics);
            context.save(saved.toArray(Tensor[]::new));
            return modulated ? List.of(out, scores) : List.of(out);
        }, (context, gradients) -> {
            List<Tensor> in = context.saved().subList(0, inputs.size());
            Tensor statistics = context.saved(inputs.size());
            Tensor value = in.get(2);
            Tensor gradOut = gradients.getFirst() == null ? torch.zeros_like(value) : gradients.getFirst().contiguous();
            Tensor gradScores = modulated && gradients.get(1) != null ? gradients.get(1).contiguous() : null;
            Tensor[] results = new Tensor[in.size()];
            for (int i = 0; i < results.length; i++) {
                results[i] = context.needsGradient(i) ? torch.empty_like(in.get(i).contiguous()) : null;
            }
            Views views = new Views(in);
            Views into = new Views(Arrays.asList(results));
            try (views; into; View g = View.read(heads(gradOut));
                    View s = gradScores == null ? null : View.read(heads(gradScores))) {
                Rows[] rows = into.rows;
                attention(graph, views.rows, weighting, score).backward(g.rows(), s == null ? null : s.rows(),
                        View.segment(statistics), new EdgeAttention.Gradients(rows[0], rows[1],
                                modulated ? rows[3] : null, null, rows[2]));
            }
            return Arrays.asList(results);
        });
    }

    private static EdgeAttention attention(Graph graph, Rows[] rows, Weighting weighting, Score score) {
        return new EdgeAttention(graph.csr(), score.of(rows), null, rows[2], (float) weighting.slope,
                (float) weighting.limit, (float) weighting.epsilon);
    }

    /** (N, H, d) or (N, H) as the kernels see it, (H, N, d). */
    private static Tensor heads(Tensor x) {
        return (x.dim() == 2 ? x.unsqueeze(-1) : x).transpose(0, 1);
    }

    /** Views of several tensors, null where a tensor is null. */
    private static final class Views implements AutoCloseable {
        private final List<View> views = new ArrayList<>();
        final Rows[] rows;

        Views(List<Tensor> tensors) {
            rows = new Rows[tensors.size()];
            for (int i = 0; i < rows.length; i++) {
                if (tensors.get(i) != null) {
                    View view = View.read(heads(tensors.get(i)));
                    views.add(view);
                    rows[i] = view.rows();
                }
            }
        }

        @Override
        public void close() {
            views.forEach(View::close);
        }
    }

    static Tensor source(Graph graph) {
        return Ops.of(longs(graph.source()));
    }

    static Tensor target(Graph graph) {
        return Ops.of(longs(graph.target()));
    }

    static long[] longs(int[] values) {
        return Arrays.stream(values).asLongStream().toArray();
    }
}
