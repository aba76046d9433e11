package io.heed.sequence.pointer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.bytedeco.javacpp.PointerScope;
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
import io.heed.sequence.StudyTraining;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;
import io.heed.tensor.Weights;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class PointModelTest {
    private PointerScope scope;

    @BeforeEach
    void openScope() {
        scope = new PointerScope();
        torch.manual_seed(5);
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    @Test
    void aBatchOfSetsGivesWhatEachGivesAlone() {
        for (PointModel model : models()) {
            Tensor points = torch.rand(3, 6, 2);
            Tensor targets = Ops.of(new long[] {2, 1, 3, 2, 0, 1, 5, 6, 4, 1, 3, 2, 1, 3, 0}, 3, 5);
            long[] lengths = {4, 6, 3};
            long[] targetLengths = {4, 5, 4};
            Tensor together = model.forward(points, Ops.of(lengths), targets);
            assertThat(together.shape()).containsExactly(3, 6, 7);
            for (int set = 0; set < 3; set++) {
                Tensor alone = model.forward(points.narrow(0, set, 1).narrow(1, 0, lengths[set]),
                        Ops.of(new long[] {lengths[set]}),
                        targets.narrow(0, set, 1).narrow(1, 0, targetLengths[set]));
                Tensor part = together.select(0, set).narrow(0, 0, targetLengths[set] + 1)
                        .narrow(1, 0, lengths[set] + 1);
                assertThat(Ops.largestDifference(part, alone.select(0, 0))).isLessThan(1e-5);
            }
            double padding = together.select(0, 2).narrow(1, 4, 3).max().item_double();
            assertThat(padding).as("positions past the last point").isEqualTo(Double.NEGATIVE_INFINITY);
        }
    }

    @Test
    void theStepsOfDecodingGiveWhatAllStepsTogetherGive() {
        for (PointModel model : models()) {
            Tensor points = torch.rand(3, 6, 2);
            long[][] answers = {{2, 4, 3, 2}, {1, 5, 6, 4}, {3, 2, 1, 3}};
            Tensor lengths = Ops.of(new long[] {4, 6, 3});
            Tensor together = model.forward(points, lengths, Ops.of(Arrays.stream(answers)
                    .flatMapToLong(Arrays::stream).toArray(), 3, 4));
            PointModel.Encoded encoded = model.encode(points, lengths);
            PointModel.State state = new PointModel.State(encoded.h(), encoded.c());
            Tensor input = model.start(3);
            for (int step = 0; step < 5; step++) {
                state = model.step(input, state.h(), state.c());
                Tensor scores = model.scores(encoded, state.h().unsqueeze(1)).squeeze(1);
                Tensor expected = together.select(1, step);
                assertThat(scores.isfinite().equal(expected.isfinite())).isTrue();
                Tensor absent = expected.isfinite().logical_not();
                assertThat(Ops.largestDifference(Ops.fill(scores, absent, 0), Ops.fill(expected, absent, 0)))
                        .isLessThan(1e-5);
                if (step < 4) {
                    Tensor[] chosen = new Tensor[3];
                    for (int set = 0; set < 3; set++) {
                        chosen[set] = points.select(0, set).select(0, answers[set][step] - 1);
                    }
                    input = Ops.stack(0, chosen);
                }
            }
        }
    }

    @Test
    void aFewHundredStepsLearnTheHullsOfAFewSetsByHeart() {
        Seeds.seedTorch(0, "weights", 0);
        PointerNetwork network = new PointerNetwork(2, 32);
        Instances few = Instances.of(Problem.CONVEX_HULL, 3, 16, 5, 6);
        StudyTraining.train(network, new ByHeart(few), StudyTraining.config(400, 1e-2, 0).withClip(2));
        network.eval();
        assertThat(HullScore.of(network, few, 3).exact()).isGreaterThan(0.9);
    }

    /** The same instances at every step. */
    private record ByHeart(Instances few) implements Task<PointModel> {
        @Override
        public String id() {
            return "by heart";
        }

        @Override
        public Tensor loss(PointModel model, Step step) {
            return PointModel.loss(model.forward(few.points(), few.lengths(), few.targets()), few.targets(),
                    few.targetLengths());
        }

        @Override
        public Evaluation evaluate(PointModel model) {
            double loss = loss(model, null).item_double();
            return Evaluation.of(loss, metric(), loss);
        }

        @Override
        public long tokensPerStep() {
            return few.sets().size();
        }

        @Override
        public String metric() {
            return "loss";
        }

        @Override
        public boolean higherIsBetter() {
            return false;
        }
    }

    @Test
    void triangulationsCountWhateverTheirOrder() {
        assertThat(TriangleScore.triangles(new int[] {1, 2, 3, 2, 4, 3}))
                .isEqualTo(TriangleScore.triangles(new int[] {4, 3, 2, 3, 1, 2}))
                .isNotEqualTo(TriangleScore.triangles(new int[] {1, 2, 3}))
                .isNotEqualTo(TriangleScore.triangles(new int[] {1, 2, 3, 2, 4, 3, 1}));
    }

    @Test
    void bothFormsOfTheScoresGiveTheSameOutputsAndGradients() {
        for (int[] sizes : new int[][] {{1, 1, 1, 3}, {3, 5, 7, 16}, {2, 9, 4, 37}}) {
            Tensor probe = torch.randn(sizes[0], sizes[1], sizes[2]);
            List<Tensor> values = List.of(torch.randn(sizes[0], sizes[1], sizes[3]),
                    torch.randn(sizes[0], sizes[2], sizes[3]).mul(new Scalar(3)),
                    torch.randn(sizes[3]));
            List<List<Tensor>> found = new ArrayList<>();
            for (Form form : new Form[] {Form.REFERENCE, Form.FUSED}) {
                List<Tensor> inputs = values.stream().map(value -> value.clone().set_requires_grad(true)).toList();
                Tensor scores = PointerScores.of(inputs.get(0), inputs.get(1), inputs.get(2), form);
                scores.mul(probe).sum().backward();
                found.add(List.of(scores, inputs.get(0).grad(), inputs.get(1).grad(), inputs.get(2).grad()));
            }
            for (int i = 0; i < 4; i++) {
                assertThat(Ops.largestDifference(found.get(0).get(i), found.get(1).get(i))).as("%d", i)
                        .isLessThan(2e-5);
            }
        }
    }

    @Test
    void theLossCountsTheStepsThatExist() {
        Tensor scores = torch.randn(2, 4, 5);
        Tensor targets = Ops.of(new long[] {3, 1, 4, 2, 0, 0}, 2, 3);
        Tensor loss = PointModel.loss(scores, targets, Ops.of(new long[] {3, 1}));
        Tensor log = scores.log_softmax(2);
        long[][] expected = {{0, 0, 3}, {0, 1, 1}, {0, 2, 4}, {0, 3, 0}, {1, 0, 2}, {1, 1, 0}};
        double sum = 0;
        for (long[] one : expected) {
            sum -= Ops.item(log.select(0, one[0]).select(0, one[1]).select(0, one[2]));
        }
        assertThat(loss.item_double()).isCloseTo(sum / expected.length, within(1e-5));
    }

    @ParameterizedTest
    @EnumSource(Rule.class)
    void answersKeepTheirRule(Rule rule) {
        PointerNetwork network = loud(new PointerNetwork(2, 8));
        Tensor points = torch.rand(20, 9, 2);
        long[] lengths = new long[20];
        Arrays.setAll(lengths, i -> 5 + i % 5);
        int[][] answers = new BeamSearch(network, rule, 4).run(points, Ops.of(lengths));
        for (int set = 0; set < answers.length; set++) {
            int[] open = Arrays.copyOf(answers[set], answers[set].length - 1);
            assertThat(answers[set][open.length]).as("ends with 0").isZero();
            assertThat(Arrays.stream(open).allMatch(i -> i >= 1)).isTrue();
            assertThat(Arrays.stream(open).max().orElseThrow()).isLessThanOrEqualTo((int) lengths[set]);
            switch (rule) {
                case TSP -> assertThat(Tours.isValid((int) lengths[set], open)).isTrue();
                case CONVEX_HULL -> assertThat(Arrays.stream(Polygons.open(open)).distinct().count())
                        .isEqualTo(Polygons.open(open).length).isGreaterThanOrEqualTo(3);
                case DELAUNAY -> assertThat(open.length % 3 == 0 || open.length == rule.mostSteps(9)).isTrue();
                default -> throw new AssertionError(rule);
            }
        }
    }

    @Test
    void wideBeamsFindTheLikeliestAnswer() {
        PointerNetwork network = loud(new PointerNetwork(2, 8));
        Tensor points = torch.rand(1, 4, 2);
        Tensor lengths = Ops.of(new long[] {4});
        int[] found = new BeamSearch(network, Rule.TSP, 24).run(points, lengths)[0];
        // every tour of four cities, scored as the search scores it
        double best = Double.POSITIVE_INFINITY;
        int[] likeliest = null;
        for (int[] tour : permutations(4)) {
            double penalty = penalty(network, points, lengths, tour);
            if (penalty < best) {
                best = penalty;
                likeliest = tour;
            }
        }
        assertThat(Arrays.copyOf(found, 4)).containsExactly(likeliest);
        assertThat(found[4]).isEqualTo(found[0]);
    }

    @Test
    void oneBeamIsGreedyAndNoneIsRefused() {
        PointerNetwork network = loud(new PointerNetwork(2, 8));
        Tensor points = torch.rand(1, 5, 2);
        int[] greedy = new BeamSearch(network, Rule.TSP, 1).run(points, Ops.of(new long[] {5}))[0];
        double[] first = Ops.doubles(network.forward(points, Ops.of(new long[] {5}), Ops.of(new long[] {1}, 1, 1))
                .select(0, 0).select(0, 0).narrow(0, 1, 5));
        int best = 0;
        for (int j = 1; j < 5; j++) {
            best = first[j] > first[best] ? j : best;
        }
        assertThat(greedy[0]).isEqualTo(best + 1);
        assertThatThrownBy(() -> new BeamSearch(network, Rule.TSP, 0)).hasMessageContaining("at least 1 beam");
        assertThatThrownBy(() -> Rule.named("knapsack")).hasMessageContaining("must be tsp, convex-hull or delaunay");
    }

    @Test
    void someStepsOfTrainingLowerTheLossOfEveryProblem() {
        for (Problem problem : Problem.values()) {
            PointerNetwork network = new PointerNetwork(2, 16);
            PointTask task = new PointTask(problem, 4, 6);
            double before = task.evaluate(network).loss();
            double after = StudyTraining.train(network, task, StudyTraining.config(30, 5e-3, 0)).loss();
            assertThat(after).as(problem.name()).isLessThan(before - 0.01);
        }
    }

    @Test
    void instancesAreTheSameForAKeyAndFitTogether() {
        Instances a = Instances.of(Problem.DELAUNAY, 5, 4, 5, 9);
        Instances b = Instances.of(Problem.DELAUNAY, 5, 4, 5, 9);
        assertThat(a.points().equal(b.points())).isTrue();
        assertThat(a.targets().equal(b.targets())).isTrue();
        for (int row = 0; row < 4; row++) {
            assertThat(Ops.longs(a.lengths())[row]).isEqualTo(a.sets().get(row).size()).isBetween(5L, 9L);
            assertThat(a.answers().get(row).length % 3).isZero();
        }
    }

    @Test
    void aFixedDictionaryCannotReadMorePoints() {
        FixedDictionary small = new FixedDictionary(2, 8, 5, true);
        assertThatThrownBy(() -> new BeamSearch(small, Rule.CONVEX_HULL, 2)
                .run(torch.rand(1, 6, 2), Ops.of(new long[] {6})))
                .hasMessageContaining("a dictionary of 5 answers cannot tell 6 points apart");
    }

    private static double penalty(PointerNetwork network, Tensor points, Tensor lengths, int[] tour) {
        long[] targets = {tour[0], tour[1], tour[2], tour[3], tour[0]};
        float[] scores = Ops.floats(network.forward(points, lengths, Ops.of(targets, 1, 5)));
        double sum = 0;
        for (int step = 0; step < 4; step++) {
            float[] own = Arrays.copyOfRange(scores, step * 5, step * 5 + 5);
            Rule.TSP.restrict(own, tour, step, 4);
            double total = 0;
            for (float one : own) {
                total += Math.exp(one);
            }
            sum -= own[tour[step]] - Math.log(total);
        }
        return sum;
    }

    private static List<int[]> permutations(int n) {
        List<int[]> all = new ArrayList<>();
        for (int code = 0; code < n * n * n * n; code++) {
            int[] tour = {code % n + 1, code / n % n + 1, code / n / n % n + 1, code / n / n / n + 1};
            if (Arrays.stream(tour).distinct().count() == n) {
                all.add(tour);
            }
        }
        return all;
    }

    private static List<PointModel> models() {
        return List.of(loud(new PointerNetwork(2, 8)), loud(new FixedDictionary(2, 8, 6, false)),
                loud(new FixedDictionary(2, 8, 6, true)));
    }

    /** Weights large enough that answers differ. */
    private static <M extends PointModel> M loud(M model) {
        try (NoGradGuard _ = new NoGradGuard()) {
            Weights.parameters(model).values().forEach(weight -> weight.mul_(new Scalar(2)));
        }
        return model;
    }
}
