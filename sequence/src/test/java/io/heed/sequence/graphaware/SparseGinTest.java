package io.heed.sequence.graphaware;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.heed.nn.Form;
import io.heed.sequence.graphaware.SparseGinConfig.EdgeDirection;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;
import io.heed.tensor.Weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

class SparseGinTest {
    private static final int WIDTH = 16;
    private static final int HEADS = 2;

    private PointerScope scope;

    @BeforeEach
    void open() {
        scope = new PointerScope();
        Seeds.seedTorch(5, "weights", 0);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static GraphAwareConfig attention() {
        return new GraphAwareConfig(WIDTH, HEADS, HEADS, WIDTH / HEADS, 10_000, false, true,
                GraphAwareConfig.Weighting.SOFTMAX, 1, ThresholdMode.NONE, 0.2, false, ThresholdMode.Numbers.STANDARD,
                1, 1e-5,
                0, false);
    }

    private static SparseGinConfig config(EdgeDirection direction) {
        return SparseGinConfig.example(WIDTH, HEADS, 6, direction).withScale(0.5);
    }

    /** The layer's GIN alone mixes tokens only when messages go from key to query. */
    @ParameterizedTest
    @EnumSource(EdgeDirection.class)
    void mixesTokensOnlyFromKeyToQuery(EdgeDirection direction) {
        Module parent = new Module("parent");
        SparseGin gin = new SparseGin(parent, config(direction));
        Tensor maps = torch.softmax(torch.randn(1, HEADS, 7, 7).tril(0)
                .add(torch.ones(7, 7).triu(1).mul(new Scalar(-1e9))), -1);
        Tensor adjacency = gin.adjacency(maps, false);
        assertThat(Ops.item(adjacency.tril(-1).ne(new Scalar(0)).sum())).as("edges to other tokens").isPositive();
        Tensor u = torch.randn(1, 7, WIDTH);
        Tensor changed = Ops.cat(1, torch.randn(1, 1, WIDTH), u.narrow(1, 1, 6));
        double moved = Ops.largestDifference(gin.forward(u, maps, false, Form.AUTO).narrow(1, 1, 6),
                gin.forward(changed, maps, false, Form.AUTO).narrow(1, 1, 6));
        if (direction == EdgeDirection.OFFICIAL) {
            assertThat(moved).isZero();
        } else {
            assertThat(moved).isGreaterThan(1e-3);
        }
    }

    @ParameterizedTest
    @EnumSource(value = SparseGinConfig.Method.class, names = {"MEAN", "SUM", "THRESHOLD_ANY"})
    void aListOfEdgesGivesTheDenseGraphsOutputsAndGradients(SparseGinConfig.Method method) {
        Tensor logits = torch.randn(2, HEADS, 301, 301).mul(new Scalar(3)).tril(0)
                .add(torch.ones(301, 301).triu(1).mul(new Scalar(-1e9)));
        Tensor rows = torch.randn(2, 301, WIDTH);
        Tensor probe = torch.randn(2, 301, WIDTH);
        for (boolean weighted : new boolean[] {true, false}) {
            for (boolean selfEdges : new boolean[] {true, false}) {
                SparseGinConfig few = few(method, weighted, selfEdges);
                List<List<Tensor>> found = new ArrayList<>();
                for (Form form : new Form[] {Form.REFERENCE, Form.FUSED}) {
                    Seeds.seedTorch(7, "weights", 0);
                    Module parent = new Module("parent");
                    SparseGin gin = new SparseGin(parent, few);
                    Tensor u = rows.clone().set_requires_grad(true);
                    Tensor z = logits.clone().set_requires_grad(true);
                    Tensor maps = torch.softmax(z, -1);
                    MapGraph graph = gin.graph(maps, false, form);
                    assertThat(graph).isInstanceOf(form == Form.FUSED ? MapGraph.Sparse.class : MapGraph.Dense.class);
                    Tensor out = gin.forward(u, maps, false, form);
                    out.mul(probe).sum().backward();
                    List<Tensor> all = new ArrayList<>(List.of(out, u.grad()));
                    if (weighted) {
                        all.add(z.grad());
                    }
                    Weights.parameters(parent).values().forEach(weight -> all.add(weight.grad()));
                    found.add(all);
                }
                for (int i = 0; i < found.getFirst().size(); i++) {
                    Tensor expected = found.getFirst().get(i);
                    assertThat(Ops.largestDifference(expected, found.get(1).get(i))).as("%d", i)
                            .isLessThan(1e-5 * (1 + expected.abs().max().item_double()));
                }
                assertThat(Ops.item(found.getFirst().get(1).sub(probe).abs().max())).as("the graph takes part")
                        .isPositive();
            }
        }
    }

    private static SparseGinConfig few(SparseGinConfig.Method method, boolean weighted, boolean selfEdges) {
        boolean any = method == SparseGinConfig.Method.THRESHOLD_ANY;
        return new SparseGinConfig(WIDTH, 6, 2, SparseGinConfig.Activation.PRELU, 0, method, 8, HEADS, 0.05,
                any ? 0 : 10, any ? 0.3 : 0.1, any ? 0.5 : 0.6, selfEdges, EdgeDirection.KEY_TO_QUERY, weighted, true,
                1,
                false, false, true, 1e-5, 0.5);
    }

    @Test
    void aGraphWithoutEdgesAndOneOfNearlyAllAreServed() {
        SparseGin gin = new SparseGin(new Module("parent"), few(SparseGinConfig.Method.SUM, true, false));
        Tensor even = torch.full(new long[] {1, HEADS, 300, 300}, new Scalar(1.0 / 300));
        Tensor u = torch.randn(1, 300, WIDTH);
        assertThat(gin.graph(even, false, Form.AUTO)).isInstanceOfSatisfying(MapGraph.Sparse.class,
                graph -> assertThat(graph.edges().edges()).isZero());
        assertThat(Ops.largestDifference(gin.forward(u, even, false, Form.AUTO),
                gin.forward(u, even, false, Form.REFERENCE))).isLessThan(1e-6);
        Tensor strong = torch.full(new long[] {1, HEADS, 300, 300}, new Scalar(0.5));
        assertThat(gin.graph(strong, false, Form.AUTO)).isInstanceOf(MapGraph.Dense.class);
    }

    @Test
    void cutsWeakEdgesAndThoseToItself() {
        SparseGinConfig all = config(EdgeDirection.KEY_TO_QUERY);
        SparseGinConfig noSelf = new SparseGinConfig(all.width(), all.hidden(), 2, SparseGinConfig.Activation.RELU, 0,
                SparseGinConfig.Method.MEAN, 8, HEADS, 10, all.alpha(), 0.5, 0.55, false, all.direction(), true, true,
                2, true,
                true, true, 1e-5, 0.5);
        SparseGin gin = new SparseGin(new Module("parent"), noSelf);
        Tensor maps = torch.softmax(torch.randn(2, HEADS, 9, 9).mul(new Scalar(4)), -1);
        Tensor adjacency = gin.adjacency(maps, false);
        double[] mean = Ops.doubles(maps.mean(1));
        double[] edges = Ops.doubles(adjacency);
        for (int at = 0; at < edges.length; at++) {
            int i = at / 9 % 9;
            int j = at % 9;
            double weight = 1 / (1 + Math.exp(-10 * (mean[at] - 0.5)));
            double expected = j < i && weight > 0.55 ? weight : 0;
            assertThat(edges[at]).isCloseTo(expected, offset(1e-5));
        }
    }

    @Test
    void anAdapterOfScaleZeroChangesNothingAndOnlyAdaptersAreTrained() {
        Decoder base = new Decoder(11, 2, attention(), 24, Decoder.Adapter.NONE);
        Decoder adapted = new Decoder(11, 2, attention(), 24, new Decoder.Adapter(config(EdgeDirection.KEY_TO_QUERY), 0,
                0));
        Decoder lora = new Decoder(11, 2, attention(), 24, new Decoder.Adapter(null, 0, 3));
        adapted.freeze(base);
        lora.freeze(base);
        base.eval();
        adapted.eval();
        lora.eval();
        Tensor tokens = Ops.of(new long[] {1, 5, 3, 9, 10, 0, 2, 2}, 1, 8);
        assertThat(Ops.largestDifference(adapted.forward(tokens), base.forward(tokens))).isZero();
        assertThat(Ops.largestDifference(lora.forward(tokens), base.forward(tokens))).isZero();
        assertThat(lora.trainable()).isEqualTo(2 * 3 * 2 * 3 * WIDTH);
        adapted.forward(tokens).sum().backward();
        Map<String, Boolean> trained = new HashMap<>();
        Weights.parameters(adapted).forEach((name, weight) -> trained.put(name, weight.grad().defined()));
        trained.forEach((name, has) -> assertThat(has).as(name)
                .isEqualTo(name.contains("gnn") || name.contains("trainable_scale")));
    }

    @Test
    void theCopiesOfTheSlopeFollowIt() {
        Module parent = new Module("parent");
        SparseGin gin = new SparseGin(parent, config(EdgeDirection.KEY_TO_QUERY));
        try (NoGradGuard _ = new NoGradGuard()) {
            Weights.of(parent).get("gnn.convs.0.activation_fn.weight").fill_(new Scalar(0.125));
        }
        gin.forward(torch.randn(1, 3, WIDTH), torch.eye(3).expand(1, HEADS, 3, 3), true, Form.AUTO);
        assertThat(Ops.item(Weights.of(parent).get("gnn.activation.weight"))).isEqualTo(0.125);
    }
}
