package io.heed.kernels;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class SelectiveScanTest {
    private static final double TOLERANCE = 2e-5;

    /** Sizes of one problem. */
    record Sizes(int batch, int rows, int channels, int states, boolean shared) { }

    static Stream<Sizes> sizes() {
        return Stream.of(new Sizes(1, 1, 1, 1, false), new Sizes(2, 31, 5, 3, false), new Sizes(1, 32, 16, 4, false),
                new Sizes(2, 33, 17, 16, false), new Sizes(1, 100, 40, 5, true), new Sizes(3, 67, 33, 16, true),
                new Sizes(1, 129, 300, 2, false));
    }

    /** Inputs in memory layouts drawn at random. */
    private static final class Problem {
        final Sizes sizes;
        final Layouts layouts;
        final SelectiveScan.Input input;
        final Rows y;
        final Rows last;
        final Rows starts;

        Problem(Sizes sizes, long seed) {
            this.sizes = sizes;
            layouts = new Layouts(seed);
            int n = sizes.states;
            input = new SelectiveScan.Input(rows(sizes.rows, sizes.channels),
                    layouts.rows(sizes.batch, 1, sizes.rows, sizes.channels, () -> layouts.uniform(0, 0.6)),
                    layouts.rows(1, 1, sizes.channels, sizes.shared ? 1 : n, () -> layouts.uniform(-3, -0.01)),
                    rows(sizes.rows, n), rows(sizes.rows, n), rows(sizes.channels, n));
            y = layouts.empty(sizes.batch, 1, sizes.rows, sizes.channels);
            last = layouts.empty(sizes.batch, 1, sizes.channels, n);
            starts = layouts.empty(sizes.batch, 1, SelectiveScan.runs(sizes.rows),
                    SelectiveScan.startWidth(sizes.channels, n));
        }

        private Rows rows(int rows, int width) {
            return layouts.normal(sizes.batch, 1, rows, width);
        }

        void forward() {
            SelectiveScan.forward(input, new SelectiveScan.Output(y, last, starts));
        }

        SelectiveReference reference(int batch) {
            return new SelectiveReference(Layouts.head(input.u(), batch, 0), Layouts.head(input.delta(), batch, 0),
                    Layouts.head(input.a(), 0, 0), Layouts.head(input.b(), batch, 0), Layouts.head(input.c(), batch, 0),
                    Layouts.head(input.initial(), batch, 0));
        }
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void outputsAndStatesEqualTheLoopOverTokens(Sizes sizes) {
        Problem problem = new Problem(sizes, 1);
        problem.forward();
        for (int b = 0; b < sizes.batch; b++) {
            SelectiveReference reference = problem.reference(b);
            close("y", Layouts.head(problem.y, b, 0), reference.y);
            close("last", Layouts.head(problem.last, b, 0), reference.states[sizes.rows]);
        }
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void gradientsEqualTheLoopOverTokens(Sizes sizes) {
        Problem problem = new Problem(sizes, 2);
        problem.forward();
        Rows dy = problem.rows(sizes.rows, sizes.channels);
        Rows dlast = problem.rows(sizes.channels, sizes.states);
        SelectiveScan.Input in = problem.input;
        SelectiveScan.Input result = new SelectiveScan.Input(empty(problem, in.u()), empty(problem, in.delta()),
                empty(problem, in.a()), empty(problem, in.b()), empty(problem, in.c()), empty(problem, in.initial()));
        SelectiveScan.backward(in, problem.starts, new SelectiveScan.Output(dy, dlast, null), result);
        double[][] da = new double[sizes.channels][in.a().width()];
        for (int b = 0; b < sizes.batch; b++) {
            SelectiveReference reference = problem.reference(b);
            reference.backward(Layouts.head(dy, b, 0), Layouts.head(dlast, b, 0));
            close("du", Layouts.head(result.u(), b, 0), reference.du);
            close("ddelta", Layouts.head(result.delta(), b, 0), reference.ddelta);
            close("db", Layouts.head(result.b(), b, 0), reference.db);
            close("dc", Layouts.head(result.c(), b, 0), reference.dc);
            close("dinitial", Layouts.head(result.initial(), b, 0), reference.dinitial);
            for (int d = 0; d < da.length; d++) {
                for (int s = 0; s < da[d].length; s++) {
                    da[d][s] += reference.da[d][s];
                }
            }
        }
        close("da", Layouts.head(result.a(), 0, 0), da);
    }

    @Test
    void missingGradientsCountAsZeroAndUnwantedOnesAreLeft() {
        Problem problem = new Problem(new Sizes(2, 40, 19, 4, false), 3);
        problem.forward();
        SelectiveScan.Input in = problem.input;
        Rows dlast = problem.rows(19, 4);
        Rows du = empty(problem, in.u());
        SelectiveScan.backward(in, problem.starts, new SelectiveScan.Output(null, dlast, null),
                new SelectiveScan.Input(du, null, null, null, null, null));
        for (int b = 0; b < 2; b++) {
            SelectiveReference reference = problem.reference(b);
            reference.backward(new double[40][19], Layouts.head(dlast, b, 0));
            close("du", Layouts.head(du, b, 0), reference.du);
        }
    }

    @Test
    void stepsAndPartsGiveWhatTheWholeGives() {
        Problem problem = new Problem(new Sizes(2, 70, 21, 6, false), 4);
        problem.forward();
        SelectiveScan.Input in = problem.input;
        Rows state = empty(problem, in.initial());
        Rows y = empty(problem, problem.y);
        SelectiveScan.forward(part(in, 0, 45, in.initial()),
                new SelectiveScan.Output(Layouts.slice(y, 0, 45), state, null));
        for (int t = 45; t < 70; t++) {
            SelectiveScan.step(part(in, t, t + 1, state), state, Layouts.slice(y, t, t + 1));
        }
        Layouts.assertClose("y", y, problem.y, 1e-6);
        Layouts.assertClose("state", state, problem.last, 1e-6);
    }

    @Test
    void aStepOfZeroLeavesTheState() {
        Problem problem = new Problem(new Sizes(1, 3, 4, 2, false), 5);
        Layouts.fill(problem.input.delta(), () -> 0);
        problem.forward();
        assertThat(Layouts.elements(problem.last)).isEqualTo(Layouts.elements(problem.input.initial()));
    }

    @Test
    void shapesAreChecked() {
        Problem problem = new Problem(new Sizes(1, 3, 4, 2, false), 5);
        SelectiveScan.Input in = problem.input;
        SelectiveScan.Input wrong =
                new SelectiveScan.Input(in.u(), in.delta(), in.a(), in.b(), Layouts.slice(in.c(), 0, 2), null);
        assertThatThrownBy(() -> SelectiveScan.forward(wrong, new SelectiveScan.Output(problem.y, null, null)))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("c rows is 2, must be 3");
        assertThatThrownBy(() ->
                SelectiveScan.forward(new SelectiveScan.Input(in.u(), null, in.a(), in.b(), in.c(), null),
                new SelectiveScan.Output(problem.y, null, null))).hasMessage("delta is missing");
    }

    /** Outputs and gradients of one scan that is cut into many tasks, as one number. */
    static int digest() {
        Problem problem = new Problem(new Sizes(3, 200, 130, 7, false), 6);
        problem.forward();
        SelectiveScan.Input in = problem.input;
        SelectiveScan.Input result = new SelectiveScan.Input(empty(problem, in.u()), empty(problem, in.delta()),
                empty(problem, in.a()), empty(problem, in.b()), empty(problem, in.c()), empty(problem, in.initial()));
        SelectiveScan.backward(in, problem.starts, new SelectiveScan.Output(problem.rows(200, 130), null, null),
                result);
        return Stream.of(problem.y, problem.last, result.u(), result.delta(), result.a(), result.b(), result.c(),
                result.initial())
                .mapToInt(rows -> Arrays.hashCode(Layouts.elements(rows))).reduce(0, (x, y) -> 31 * x + y);
    }

    private static SelectiveScan.Input part(SelectiveScan.Input in, int from, int to, Rows initial) {
        return new SelectiveScan.Input(Layouts.slice(in.u(), from, to), Layouts.slice(in.delta(), from, to), in.a(),
                Layouts.slice(in.b(), from, to), Layouts.slice(in.c(), from, to), initial);
    }

    private static Rows empty(Problem problem, Rows like) {
        return problem.layouts.empty(like.batch(), 1, like.rows(), like.width());
    }

    private static void close(String name, double[][] got, double[][] want) {
        double scale = Stream.of(want).flatMapToDouble(Arrays::stream).map(Math::abs).reduce(1, Math::max);
        IntStream.range(0, want.length).forEach(i -> IntStream.range(0, want[i].length).forEach(j ->
                assertThat(Math.abs(got[i][j] - want[i][j])).as("%s[%d, %d]", name, i, j)
                        .isLessThan(TOLERANCE * scale)));
    }
}
