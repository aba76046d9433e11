package io.heed.kernels;

import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleSupplier;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class PrefixScanTest {
    private static final double TOLERANCE = 2e-5;

    /** All of one scan: inputs, outputs, gradients both ways. */
    private record Problem(PrefixScan.Input input, PrefixScan.Output output, PrefixScan.Output gradient,
                           PrefixScan.Input result) {
        static Problem random(Layouts layouts, int batch, int heads, int rows, int width, DoubleSupplier scores,
                              boolean initial) {
            ScanState state = null;
            if (initial) {
                state = state(layouts, batch, heads, 1, width);
                Layouts.fill(state.normaliser(), () -> layouts.uniform(1, 20));
            }
            return new Problem(
                    new PrefixScan.Input(layouts.rows(batch, heads, rows, 1, scores),
                            layouts.normal(batch, heads, rows, width), state),
                    new PrefixScan.Output(layouts.empty(batch, heads, rows, width),
                            empty(layouts, batch, heads, rows, width), empty(layouts, batch, heads, 1, width)),
                    new PrefixScan.Output(layouts.normal(batch, heads, rows, width),
                            state(layouts, batch, heads, rows, width), state(layouts, batch, heads, 1, width)),
                    new PrefixScan.Input(layouts.empty(batch, heads, rows, 1),
                            layouts.empty(batch, heads, rows, width),
                            initial ? empty(layouts, batch, heads, 1, width) : null));
        }

        void run() {
            PrefixScan.forward(input, output);
            PrefixScan.backward(input, output.out(), gradient, result);
        }

        List<float[]> results() {
            return List.of(Layouts.elements(output.out()), Layouts.elements(output.prefixes().maximum()),
                    Layouts.elements(output.prefixes().normaliser()), Layouts.elements(output.prefixes().weighted()),
                    Layouts.elements(output.last().weighted()), Layouts.elements(result.scores()),
                    Layouts.elements(result.values()));
        }

        void check() {
            for (int b = 0; b < input.values().batch(); b++) {
                for (int h = 0; h < input.values().heads(); h++) {
                    check(b, h);
                }
            }
        }

        private void check(int b, int h) {
            ScanReference want = reference(input, b, h);
            close("o", Layouts.head(output.out(), b, h), want.out);
            close("m", Layouts.head(output.prefixes().maximum(), b, h), column(want.maximum));
            close("c", Layouts.head(output.prefixes().normaliser(), b, h), column(want.normaliser));
            close("a", Layouts.head(output.prefixes().weighted(), b, h), want.weighted);
            int end = want.scores.length - 1;
            assertThat(Layouts.get(output.last().maximum(), b, h, 0, 0)).isEqualTo((float) want.maximum[end]);
            assertThat(Layouts.get(output.last().normaliser(), b, h, 0, 0))
                    .isEqualTo(Layouts.get(output.prefixes().normaliser(), b, h, end, 0));
            close("last a", Layouts.head(output.last().weighted(), b, h), new double[][] {want.weighted[end]});

            want.backward(gradients(b, h));
            close("ds", Layouts.head(result.scores(), b, h), column(want.gradScores));
            close("dv", Layouts.head(result.values(), b, h), want.gradValues);
            if (result.initial() != null) {
                close("initial dm", Layouts.head(result.initial().maximum(), b, h),
                        new double[][] {{want.gradMaximum0}});
                close("initial dc", Layouts.head(result.initial().normaliser(), b, h),
                        new double[][] {{want.gradNormaliser0}});
                close("initial da", Layouts.head(result.initial().weighted(), b, h),
                        new double[][] {want.gradWeighted0});
            }
        }

        /** The gradient of the last state is one more gradient of the last prefix. */
        private ScanReference.Gradients gradients(int b, int h) {
            double[][] out = Layouts.head(gradient.out(), b, h);
            double[][] weighted = Layouts.head(gradient.prefixes().weighted(), b, h);
            double[] maximum = flat(Layouts.head(gradient.prefixes().maximum(), b, h));
            double[] normaliser = flat(Layouts.head(gradient.prefixes().normaliser(), b, h));
            int end = maximum.length - 1;
            maximum[end] += Layouts.get(gradient.last().maximum(), b, h, 0, 0);
            normaliser[end] += Layouts.get(gradient.last().normaliser(), b, h, 0, 0);
            for (int i = 0; i < weighted[end].length; i++) {
                weighted[end][i] += Layouts.get(gradient.last().weighted(), b, h, 0, i);
            }
            return new ScanReference.Gradients(out, maximum, normaliser, weighted);
        }
    }

    private static ScanReference reference(PrefixScan.Input input, int b, int h) {
        ScanState initial = input.initial();
        return new ScanReference(flat(Layouts.head(input.scores(), b, h)), Layouts.head(input.values(), b, h),
                initial == null ? Double.NEGATIVE_INFINITY : Layouts.get(initial.maximum(), b, h, 0, 0),
                initial == null ? 0 : Layouts.get(initial.normaliser(), b, h, 0, 0),
                initial == null ? new double[input.values().width()] : Layouts.head(initial.weighted(), b, h)[0]);
    }

    private static ScanState state(Layouts layouts, int batch, int heads, int rows, int width) {
        return new ScanState(layouts.normal(batch, heads, rows, 1), layouts.normal(batch, heads, rows, 1),
                layouts.normal(batch, heads, rows, width));
    }

    private static ScanState empty(Layouts layouts, int batch, int heads, int rows, int width) {
        return new ScanState(layouts.empty(batch, heads, rows, 1), layouts.empty(batch, heads, rows, 1),
                layouts.empty(batch, heads, rows, width));
    }

    private static double[] flat(double[][] column) {
        double[] flat = new double[column.length];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = column[i][0];
        }
        return flat;
    }

    private static double[][] column(double[] flat) {
        double[][] column = new double[flat.length][1];
        for (int i = 0; i < flat.length; i++) {
            column[i][0] = flat[i];
        }
        return column;
    }

    private static void close(String name, double[][] got, double[][] want) {
        double scale = 1;
        for (double[] row : want) {
            for (double x : row) {
                scale = Double.isInfinite(x) ? scale : Math.max(scale, Math.abs(x));
            }
        }
        for (int n = 0; n < want.length; n++) {
            for (int i = 0; i < want[n].length; i++) {
                if (got[n][i] != want[n][i] && !(Math.abs(got[n][i] - want[n][i]) <= TOLERANCE * scale)) {
                    throw new AssertionError(name + "[" + n + "][" + i + "] is " + got[n][i] + ", want " + want[n][i]
                            + ", scale " + scale);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1", "2,3,37,5", "1,2,64,64", "3,2,131,67", "1,4,200,16", "2,1,65,33", "1,1,257,130",
        "1,5,7,256"})
    void outputsStatesAndGradientsAreThoseOfTheDefinition(int batch, int heads, int rows, int width) {
        for (boolean initial : new boolean[] {false, true}) {
            Layouts layouts = new Layouts(rows * 31L + width);
            Problem problem = Problem.random(layouts, batch, heads, rows, width, layouts::gaussian, initial);
            problem.run();
            problem.check();
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,2500,3", "1,2,2048,17", "3,1,3001,2"})
    void segmentsGiveTheSameAsTheDefinition(int batch, int heads, int rows, int width) {
        for (boolean initial : new boolean[] {false, true}) {
            Layouts layouts = new Layouts(rows + width);
            Problem problem = Problem.random(layouts, batch, heads, rows, width, layouts::gaussian, initial);
            problem.run();
            problem.check();
        }
    }

    @ParameterizedTest
    @CsvSource({"1,2,3000,70", "2,5,400,40"})
    void resultsAreTheSameBitsForAnyNumberOfThreads(int batch, int heads, int rows, int width) {
        Layouts layouts = new Layouts(rows);
        Problem problem = Problem.random(layouts, batch, heads, rows, width, layouts::gaussian, true);
        problem.run();
        List<float[]> parallel = problem.results();
        Workers.run(2, task -> { // inside a task a kernel runs on one thread
            if (task == 0) {
                problem.run();
            }
        });
        List<float[]> serial = problem.results();
        for (int i = 0; i < serial.size(); i++) {
            assertThat(Arrays.equals(serial.get(i), parallel.get(i))).as("result " + i).isTrue();
        }
    }

    @Test
    void segmentsPassTheMaximumOn() {
        for (int rising = -1; rising <= 1; rising += 2) {
            Layouts layouts = new Layouts(5);
            double[] score = {0};
            double step = 0.01 * rising;
            Problem problem = Problem.random(layouts, 1, 1, 2300, 4, () -> score[0] += step, false);
            problem.run();
            problem.check();
        }
    }

    @Test
    void scoresOfAnySizeAreExact() {
        for (double size : new double[] {120, 1e4}) {
            Layouts layouts = new Layouts((long) size);
            Problem problem = Problem.random(layouts, 1, 3, 150, 6, () -> layouts.uniform(-size, size), true);
            problem.run();
            problem.check();
        }
    }

    @Test
    void risingScoresKeepEarlyPrefixes() {
        Layouts layouts = new Layouts(11);
        double[] score = {-1e4};
        Problem problem = Problem.random(layouts, 1, 1, 199, 4, () -> score[0] += 100, false);
        problem.run();
        problem.check();
        assertThat(Layouts.get(problem.output.out(), 0, 0, 3, 1))
                .isEqualTo(Layouts.get(problem.input.values(), 0, 0, 3, 1)); // each token outweighs all before it
    }

    @Test
    void paddedTokensAreTheIdentityWhateverTheirValuesHold() {
        Layouts layouts = new Layouts(3);
        Problem problem = Problem.random(layouts, 2, 2, 90, 9,
                () -> layouts.uniform(0, 1) < 0.4 ? Double.NEGATIVE_INFINITY : layouts.gaussian(), false);
        for (int t = 0; t < 7; t++) { // a left-padded sequence
            Layouts.set(problem.input.scores(), 0, 1, t, 0, Double.NEGATIVE_INFINITY);
        }
        for (int h = 0; h < 2; h++) {
            for (int t = 0; t < 90; t++) {
                if (Layouts.get(problem.input.scores(), 0, h, t, 0) == Float.NEGATIVE_INFINITY) {
                    Layouts.set(problem.input.values(), 0, h, t, 2, Double.NaN);
                }
            }
        }
        problem.run();
        problem.check();
        assertThat(Layouts.get(problem.output.out(), 0, 1, 6, 0)).isZero();
    }

    @Test
    void aSequenceWithoutRealTokensIsEmpty() {
        Layouts layouts = new Layouts(4);
        Problem problem = Problem.random(layouts, 1, 2, 40, 8, () -> Double.NEGATIVE_INFINITY, false);
        problem.run();
        problem.check();
        assertThat(Layouts.elements(problem.output.out())).containsOnly(0f);
        for (float x : Layouts.elements(problem.result.values())) {
            assertThat(x).isZero();
        }
        for (float x : Layouts.elements(problem.result.scores())) {
            assertThat(x).isZero();
        }
    }

    @Test
    void theReferenceGradientIsTheSlopeOfItsLoss() {
        Layouts layouts = new Layouts(8);
        Problem problem = Problem.random(layouts, 1, 1, 12, 3, layouts::gaussian, true);
        ScanReference.Gradients g = problem.gradients(0, 0);
        ScanReference at = reference(problem.input, 0, 0);
        at.backward(g);
        double h = 1e-6;
        for (int j = 0; j < 12; j++) {
            double[] up = at.scores.clone();
            double[] down = at.scores.clone();
            up[j] += h;
            down[j] -= h;
            double slope = (new ScanReference(up, at.values, at.maximum0, at.normaliser0, at.weighted0).loss(g)
                    - new ScanReference(down, at.values, at.maximum0, at.normaliser0, at.weighted0).loss(g)) / (2 * h);
            assertThat(at.gradScores[j]).isCloseTo(slope, within(1e-6));
        }
        double slope = (new ScanReference(at.scores, at.values, at.maximum0 + h, at.normaliser0, at.weighted0).loss(g)
                - new ScanReference(at.scores, at.values, at.maximum0 - h, at.normaliser0, at.weighted0).loss(g))
                / (2 * h);
        assertThat(at.gradMaximum0).isCloseTo(slope, within(1e-6));
    }

    @Test
    void absentOutputsAndGradientsAreLeftOut() {
        Layouts layouts = new Layouts(21);
        Problem problem = Problem.random(layouts, 1, 2, 50, 20, layouts::gaussian, false);
        Rows out = layouts.empty(1, 2, 50, 20);
        PrefixScan.forward(problem.input, new PrefixScan.Output(out, null, null));
        PrefixScan.forward(problem.input, problem.output);
        assertThat(Layouts.elements(out)).isEqualTo(Layouts.elements(problem.output.out()));

        Rows score = layouts.empty(1, 2, 50, 1);
        PrefixScan.Output onlyOut = new PrefixScan.Output(problem.gradient.out(), null, null);
        PrefixScan.backward(problem.input, out, onlyOut, new PrefixScan.Input(score, null, null));
        ScanState none = new ScanState(zeros(layouts, 50, 1), zeros(layouts, 50, 1), zeros(layouts, 50, 20));
        PrefixScan.backward(problem.input, out, new PrefixScan.Output(problem.gradient.out(), none, null),
                problem.result);
        Layouts.assertClose("ds", score, problem.result.scores(), 2e-6);

        ScanState onlySum = new ScanState(null, null, problem.gradient.prefixes().weighted());
        PrefixScan.backward(problem.input, out, new PrefixScan.Output(null, onlySum, null), problem.result);
        ScanReference want = reference(problem.input, 0, 1);
        want.backward(new ScanReference.Gradients(new double[50][20], new double[50], new double[50],
                Layouts.head(onlySum.weighted(), 0, 1)));
        close("ds", Layouts.head(problem.result.scores(), 0, 1), column(want.gradScores));
    }

    private static Rows zeros(Layouts layouts, int rows, int width) {
        return layouts.rows(1, 2, rows, width, () -> 0);
    }

    @Test
    void chunksOfAStreamGiveTheSameAsTheWhole() {
        Layouts layouts = new Layouts(17);
        Problem problem = Problem.random(layouts, 2, 2, 300, 12, layouts::gaussian, false);
        PrefixScan.forward(problem.input, problem.output);
        ScanState state = empty(layouts, 2, 2, 1, 12);
        Rows out = layouts.empty(2, 2, 300, 12);
        int[] cuts = {0, 1, 2, 66, 67, 200, 300};
        for (int i = 1; i < cuts.length; i++) {
            PrefixScan.forward(new PrefixScan.Input(Layouts.slice(problem.input.scores(), cuts[i - 1], cuts[i]),
                    Layouts.slice(problem.input.values(), cuts[i - 1], cuts[i]), i == 1 ? null : state),
                    new PrefixScan.Output(Layouts.slice(out, cuts[i - 1], cuts[i]), null, state));
        }
        Layouts.assertClose("out", out, problem.output.out(), 2e-6);
    }

    @Test
    void stepsGiveTheSameAsTheWhole() {
        Layouts layouts = new Layouts(18);
        Problem problem = Problem.random(layouts, 2, 3, 70, 10, layouts::gaussian, false);
        PrefixScan.forward(problem.input, problem.output);
        ScanState state = new ScanState(layouts.rows(2, 3, 1, 1, () -> Double.NEGATIVE_INFINITY),
                layouts.rows(2, 3, 1, 1, () -> 0), layouts.rows(2, 3, 1, 10, () -> 0));
        Rows out = layouts.empty(2, 3, 70, 10);
        for (int t = 0; t < 70; t++) {
            PrefixScan.step(Layouts.slice(problem.input.scores(), t, t + 1),
                    Layouts.slice(problem.input.values(), t, t + 1), state, Layouts.slice(out, t, t + 1));
        }
        Layouts.assertClose("out", out, problem.output.out(), 2e-6);
        Layouts.assertClose("weighted", state.weighted(), problem.output.last().weighted(), 2e-6);
    }

    @Test
    void mergedStatesAreTheStateOfTheUnion() {
        Layouts layouts = new Layouts(19);
        Problem problem = Problem.random(layouts, 1, 3, 60, 5, () -> 30 * layouts.gaussian(), false);
        for (int t = 0; t < 25; t++) {
            Layouts.set(problem.input.scores(), 0, 2, t, 0, Double.NEGATIVE_INFINITY); // an empty left part
        }
        PrefixScan.forward(problem.input, problem.output);
        ScanState left = empty(layouts, 1, 3, 1, 5);
        ScanState right = empty(layouts, 1, 3, 1, 5);
        part(problem.input, 0, 25, left);
        part(problem.input, 25, 60, right);
        PrefixScan.merge(left, right, left);
        ScanState whole = problem.output.last();
        assertThat(Layouts.elements(left.maximum())).isEqualTo(Layouts.elements(whole.maximum()));
        Layouts.assertClose("normaliser", left.normaliser(), whole.normaliser(), 2e-6);
        Layouts.assertClose("weighted", left.weighted(), whole.weighted(), 2e-6);

        ScanState nothing = new ScanState(layouts.rows(1, 3, 1, 1, () -> Double.NEGATIVE_INFINITY),
                layouts.rows(1, 3, 1, 1, () -> 0), layouts.rows(1, 3, 1, 5, () -> 0));
        PrefixScan.merge(nothing, nothing, right);
        assertThat(Layouts.elements(right.weighted())).containsOnly(0f);
        assertThat(Layouts.elements(right.maximum())).containsOnly(Float.NEGATIVE_INFINITY);
    }

    private static void part(PrefixScan.Input input, int from, int to, ScanState last) {
        PrefixScan.forward(new PrefixScan.Input(Layouts.slice(input.scores(), from, to),
                Layouts.slice(input.values(), from, to), null), new PrefixScan.Output(null, null, last));
    }

    @Test
    void badArgumentsAreNamedWithBothNumbers() {
        Layouts layouts = new Layouts(2);
        Rows scores = layouts.normal(1, 2, 8, 1);
        Rows values = layouts.normal(1, 2, 8, 4);
        PrefixScan.Output none = new PrefixScan.Output(null, null, null);
        assertThatThrownBy(() -> PrefixScan.forward(new PrefixScan.Input(layouts.normal(1, 2, 7, 1), values, null),
                none)).isInstanceOf(IllegalArgumentException.class).hasMessage("scores rows is 7, must be 8");
        assertThatThrownBy(() -> PrefixScan.forward(new PrefixScan.Input(scores, values, null),
                new PrefixScan.Output(layouts.empty(1, 2, 8, 5), null, null)))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("out width is 5, must be 4");
        assertThatThrownBy(() -> PrefixScan.forward(new PrefixScan.Input(scores, values,
                new ScanState(layouts.normal(1, 2, 1, 1), null, layouts.normal(1, 2, 1, 4))), none))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("initial must have");
        assertThatThrownBy(() -> PrefixScan.step(scores, values, empty(layouts, 1, 2, 1, 4), values))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("score rows is 8, must be 1");
        assertThatThrownBy(() -> PrefixScan.backward(new PrefixScan.Input(scores, values, null), values, none,
                new PrefixScan.Input(layouts.normal(1, 3, 8, 1), null, null)))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("result for scores heads is 3, must be 2");
    }
}
