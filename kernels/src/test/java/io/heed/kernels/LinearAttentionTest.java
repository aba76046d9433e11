package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class LinearAttentionTest {
    private static final double TOLERANCE = 3e-6;

    private record Problem(LinearAttention.Input input, LinearAttention.Output output, LinearAttention.Output gradient,
                           LinearAttention.Input result, LinearAttentionSpec spec) {
        static Problem random(Layouts layouts, int batch, int heads, int rows, int d, int e, LinearAttentionSpec spec,
                              boolean initial) {
            return new Problem(
                    new LinearAttention.Input(layouts.normal(batch, heads, rows, d),
                    layouts.normal(batch, heads, rows, d),
                            layouts.normal(batch, heads, rows, e), initial ? layouts.normal(batch, heads, d, e) : null),
                    new LinearAttention.Output(layouts.empty(batch, heads, rows, e), layouts.empty(batch, heads, d, e)),
                    new LinearAttention.Output(layouts.normal(batch, heads, rows, e),
                    layouts.normal(batch, heads, d, e)),
                    new LinearAttention.Input(layouts.empty(batch, heads, rows, d),
                    layouts.empty(batch, heads, rows, d),
                            layouts.empty(batch, heads, rows, e), layouts.empty(batch, heads, d, e)),
                    spec);
        }

        void run() {
            LinearAttention.forward(input, output, spec);
            LinearAttention.backward(input, gradient, result, spec);
        }

        List<float[]> results() {
            return List.of(Layouts.elements(output.out()), Layouts.elements(output.last()),
                    Layouts.elements(result.q()), Layouts.elements(result.k()), Layouts.elements(result.v()),
                    Layouts.elements(result.initial()));
        }

        void check() {
            for (int b = 0; b < input.q().batch(); b++) {
                for (int h = 0; h < input.q().heads(); h++) {
                    LinearReference want = reference(b, h);
                    close("o", Layouts.head(output.out(), b, h), want.out);
                    close("last", Layouts.head(output.last(), b, h), want.last);
                    close("dq", Layouts.head(result.q(), b, h), want.gradQ);
                    close("dk", Layouts.head(result.k(), b, h), want.gradK);
                    close("dv", Layouts.head(result.v(), b, h), want.gradV);
                    close("dS0", Layouts.head(result.initial(), b, h), want.gradInitial);
                }
            }
        }

        private LinearReference reference(int b, int h) {
            int d = input.q().width();
            int e = input.v().width();
            IntPredicate exists = switch (spec.padding()) {
                case KeyPadding.None none -> j -> true;
                case KeyPadding.Lengths lengths -> j -> j < lengths.lengths()[b];
                case KeyPadding.Flags flags ->
                    j -> flags.exists().get(ValueLayout.JAVA_BYTE, (long) b * input.q().rows() + j) != 0;
            };
            return new LinearReference(Layouts.head(input.q(), b, h), Layouts.head(input.k(), b, h),
                    Layouts.head(input.v(), b, h),
                    input.initial() == null ? new double[d][e] : Layouts.head(input.initial(), b, h), spec.causal(),
                    spec.decays().length == 0 ? 0 : spec.decays()[h], spec.scale(), exists,
                    Layouts.head(gradient.out(), b, h), Layouts.head(gradient.last(), b, h));
        }
    }

    private static void close(String name, double[][] got, double[][] want) {
        double scale = 1;
        for (double[] row : want) {
            for (double x : row) {
                scale = Math.max(scale, Math.abs(x));
            }
        }
        for (int n = 0; n < want.length; n++) {
            for (int i = 0; i < want[n].length; i++) {
                if (!(Math.abs(got[n][i] - want[n][i]) <= TOLERANCE * scale)) {
                    throw new AssertionError(name + "[" + n + "][" + i + "] is " + got[n][i] + ", want " + want[n][i]
                            + ", scale " + scale);
                }
            }
        }
    }

    private static float[] decays(int heads) {
        float[] decays = new float[heads];
        for (int h = 0; h < heads; h++) {
            decays[h] = (float) Math.pow(2, -2.0 * h - 1);
        }
        return decays;
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1,1", "2,4,37,8,6", "1,2,70,8,8", "2,3,131,17,33", "1,4,200,64,64", "1,1,97,100,3",
            "1,2,61,5,130",
        "1,1,53,256,256"})
    void outputsStatesAndGradientsAreThoseOfTheDefinition(int batch, int heads, int rows, int d, int e) {
        List<LinearAttentionSpec> specs = List.of(LinearAttentionSpec.ofCausal(decays(heads)).withScale(0.7f),
                LinearAttentionSpec.ofCausal(), LinearAttentionSpec.ofFull().withScale(0.3f));
        for (LinearAttentionSpec spec : specs) {
            for (boolean initial : new boolean[] {false, true}) {
                Problem problem = Problem.random(new Layouts(rows * 7L + d), batch, heads, rows, d, e, spec, initial);
                problem.run();
                problem.check();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "5", "16", "32", "64", "128", "1000"})
    void anyChunkGivesTheSame(int chunk) {
        for (LinearAttentionSpec spec : List.of(LinearAttentionSpec.ofCausal(0.1f, 0.001f),
                LinearAttentionSpec.ofFull())) {
            Problem problem = Problem.random(new Layouts(chunk), 1, 2, 150, 12, 20, spec.withChunk(chunk), true);
            problem.run();
            problem.check();
        }
    }

    @Test
    void segmentsGiveTheSameAsTheDefinition() {
        for (LinearAttentionSpec spec : List.of(LinearAttentionSpec.ofCausal(0.0005f), LinearAttentionSpec.ofCausal(),
                LinearAttentionSpec.ofFull())) {
            for (boolean initial : new boolean[] {false, true}) {
                Problem problem = Problem.random(new Layouts(40), 1, 1, 2111, 7, 4, spec, initial);
                problem.run();
                problem.check();
            }
        }
    }

    @Test
    void strongDecayNeitherOverflowsNorTurnsIntoNaN() {
        Problem problem = Problem.random(new Layouts(41), 1, 2, 300, 9, 9, LinearAttentionSpec.ofCausal(50f, 3e4f),
                true);
        problem.run();
        problem.check();
    }

    @Test
    void paddedKeysContributeNothingWhateverTheyHold() {
        int rows = 110;
        MemorySegment flags = MemorySegment.ofArray(new byte[2 * rows]);
        Layouts layouts = new Layouts(42);
        for (long i = 0; i < 2 * rows; i++) {
            flags.set(ValueLayout.JAVA_BYTE, i, (byte) layouts.between(0, 1));
        }
        for (KeyPadding padding : List.of(KeyPadding.lengths(60, 0), KeyPadding.flags(flags))) {
            for (LinearAttentionSpec spec : List.of(LinearAttentionSpec.ofCausal(0.1f, 0f),
                    LinearAttentionSpec.ofFull())) {
                Problem problem = Problem.random(layouts, 2, 2, rows, 8, 5, spec.withPadding(padding), true);
                for (int b = 0; b < 2; b++) {
                    for (int j = 0; j < rows; j++) {
                        if (!LinearChunk.exists(padding, b, rows, j)) {
                            Layouts.set(problem.input.k(), b, 1, j, 2, Double.NaN);
                            Layouts.set(problem.input.v(), b, 0, j, 1, Double.NaN);
                        }
                    }
                }
                problem.run();
                problem.check();
            }
        }
    }

    @Test
    void resultsAreTheSameBitsForAnyNumberOfThreads() {
        for (LinearAttentionSpec spec : List.of(LinearAttentionSpec.ofCausal(0.01f, 0.1f),
                LinearAttentionSpec.ofFull())) {
            Problem problem = Problem.random(new Layouts(43), 1, 2, 2500, 20, 24, spec, true);
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
    }

    @Test
    void absentGradientsAndResultsAreLeftOut() {
        Layouts layouts = new Layouts(44);
        for (LinearAttentionSpec spec : List.of(LinearAttentionSpec.ofCausal(0.1f, 0f), LinearAttentionSpec.ofFull())) {
            Problem problem = Problem.random(layouts, 1, 2, 120, 8, 10, spec, true);
            problem.run();
            Rows k = layouts.empty(1, 2, 120, 8);
            Rows initial = layouts.empty(1, 2, 8, 10);
            LinearAttention.backward(problem.input, problem.gradient, new LinearAttention.Input(null, k, null, null),
                    spec);
            LinearAttention.backward(problem.input, problem.gradient, new LinearAttention.Input(null, null, null,
                    initial),
                    spec);
            assertThat(Layouts.elements(k)).isEqualTo(Layouts.elements(problem.result.k()));
            assertThat(Layouts.elements(initial)).isEqualTo(Layouts.elements(problem.result.initial()));

            Layouts.fill(problem.gradient.out(), () -> 0);
            LinearAttention.backward(problem.input, new LinearAttention.Output(null, problem.gradient.last()),
                    problem.result, spec);
            problem.check();
        }
    }

    @Test
    void chunksOfAStreamAndStepsGiveTheSameAsTheWhole() {
        Layouts layouts = new Layouts(45);
        LinearAttentionSpec spec = LinearAttentionSpec.ofCausal(0.2f, 0.01f, 0f).withScale(0.5f);
        Problem problem = Problem.random(layouts, 2, 3, 200, 19, 37, spec, false);
        problem.run();
        Rows out = layouts.empty(2, 3, 200, 37);
        Rows state = layouts.empty(2, 3, 19, 37);
        int[] cuts = {0, 1, 90, 91, 150};
        for (int i = 1; i < cuts.length; i++) {
            LinearAttention.forward(slice(problem.input, cuts[i - 1], cuts[i], i == 1 ? null : state),
                    new LinearAttention.Output(Layouts.slice(out, cuts[i - 1], cuts[i]), state), spec);
        }
        for (int t = 150; t < 200; t++) {
            LinearAttention.Input token = slice(problem.input, t, t + 1, state);
            LinearAttention.step(token.q(), token.k(), token.v(), state, Layouts.slice(out, t, t + 1), spec);
        }
        Layouts.assertClose("out", out, problem.output.out(), 2e-6);
        Layouts.assertClose("state", state, problem.output.last(), 2e-6);
    }

    private static LinearAttention.Input slice(LinearAttention.Input input, int from, int to, Rows initial) {
        return new LinearAttention.Input(Layouts.slice(input.q(), from, to), Layouts.slice(input.k(), from, to),
                Layouts.slice(input.v(), from, to), initial);
    }

    @Test
    void badArgumentsAreNamedWithBothNumbers() {
        Layouts layouts = new Layouts(46);
        Rows q = layouts.normal(1, 2, 9, 4);
        Rows v = layouts.normal(1, 2, 9, 6);
        LinearAttention.Output none = new LinearAttention.Output(null, null);
        LinearAttentionSpec causal = LinearAttentionSpec.ofCausal();
        refused("k rows is 8, must be 9", () -> LinearAttention.forward(
                new LinearAttention.Input(q, layouts.normal(1, 2, 8, 4), v, null), none, causal));
        refused("initial width is 4, must be 6", () -> LinearAttention.forward(
                new LinearAttention.Input(q, q, v, layouts.normal(1, 2, 4, 4)), none, causal));
        refused("last rows is 6, must be 4", () -> LinearAttention.forward(new LinearAttention.Input(q, q, v, null),
                new LinearAttention.Output(null, layouts.normal(1, 2, 6, 6)), causal));
        refused("decays is 3, must be 2", () -> LinearAttention.forward(new LinearAttention.Input(q, q, v, null), none,
                LinearAttentionSpec.ofCausal(1, 2, 3)));
        refused("padding length is 10, must be 0 to 9", () -> LinearAttention.forward(
                new LinearAttention.Input(q, q, v, null), none, causal.withPadding(KeyPadding.lengths(10))));
        refused("q width is 257, must be 1 to 256", () -> LinearAttention.forward(
                new LinearAttention.Input(layouts.normal(1, 2, 9, 257), q, v, null), none, causal));
        refused("decays[0] is -1.0, must be finite and at least 0", () -> LinearAttentionSpec.ofCausal(-1));
        refused("chunk is 1025, must be 0 to 1024", () -> causal.withChunk(1025));
        refused("q rows is 9, must be 1", () -> LinearAttention.step(q, q, v, layouts.normal(1, 2, 4, 6), v, causal));
        refused("result for v width is 5, must be 6", () -> LinearAttention.backward(
                new LinearAttention.Input(q, q, v, null), none,
                new LinearAttention.Input(null, null, layouts.normal(1, 2, 9, 5), null), causal));
    }

    private static void refused(String message, Runnable call) {
        assertThatThrownBy(call::run).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }
}
