package io.heed.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class DecodeTest {
    private static final double TOLERANCE = 3e-6;

    private record Problem(Rows q, Rows keys, Rows values, Rows out, MemorySegment lse) {
        static Problem random(Layouts layouts, int batch, int heads, int cached, int capacity, int d, int dv) {
            return new Problem(layouts.normal(batch, heads, 1, d), layouts.normal(batch, cached, capacity, d),
                    layouts.normal(batch, cached, capacity, dv), layouts.empty(batch, heads, 1, dv),
                    floats(batch * heads));
        }

        void check(DecodeSpec spec) {
            boolean softmax = spec.normalizer() == Normalizer.SOFTMAX;
            Decode.attend(q, keys, values, out, softmax ? lse : null, spec);
            for (int b = 0; b < q.batch(); b++) {
                for (int h = 0; h < q.heads(); h++) {
                    check(spec, b, h);
                }
            }
        }

        private void check(DecodeSpec spec, int b, int h) {
            int cached = h / (q.heads() / keys.heads());
            int length = spec.lengths().length == 0 ? keys.rows() : spec.lengths()[b];
            double scale = Float.isNaN(spec.scale()) ? 1 / Math.sqrt(q.width()) : spec.scale();
            double slope = spec.slopes().length == 0 ? 0 : spec.slopes()[h];
            double[] logits = new double[length];
            double greatest = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < length; j++) {
                for (int i = 0; i < q.width(); i++) {
                    logits[j] += scale * Layouts.get(q, b, h, 0, i) * Layouts.get(keys, b, cached, j, i);
                }
                logits[j] += slope * (j - (length - 1)) + spec.logitBias();
                greatest = Math.max(greatest, logits[j]);
            }
            boolean softmax = spec.normalizer() == Normalizer.SOFTMAX;
            double sum = 0;
            double[] want = new double[values.width()];
            for (int j = 0; j < length; j++) {
                double p = softmax ? Math.exp(logits[j] - greatest) : 1 / (1 + Math.exp(-logits[j]));
                sum += p;
                for (int x = 0; x < want.length; x++) {
                    want[x] += p * Layouts.get(values, b, cached, j, x);
                }
            }
            double size = 1;
            for (int x = 0; x < want.length; x++) {
                want[x] /= softmax && length > 0 ? sum : 1;
                size = Math.max(size, Math.abs(want[x]));
            }
            for (int x = 0; x < want.length; x++) {
                assertThat((double) Layouts.get(out, b, h, 0, x)).as("out %d %d %d", b, h, x)
                        .isCloseTo(want[x], within(TOLERANCE * size));
            }
            if (softmax) {
                float got = lse.getAtIndex(ValueLayout.JAVA_FLOAT, (long) b * q.heads() + h);
                if (length == 0) {
                    assertThat(got).isEqualTo(Float.NEGATIVE_INFINITY);
                } else {
                    double lseWanted = greatest + Math.log(sum);
                    assertThat((double) got).isCloseTo(lseWanted, within(TOLERANCE * Math.max(1, Math.abs(lseWanted))));
                }
            }
        }
    }

    private static MemorySegment floats(int count) {
        return Arena.ofAuto().allocate((long) count * Float.BYTES, 64);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1,1,1", "2,4,2,37,8,6", "1,8,8,130,64,64", "3,6,2,65,17,33", "1,2,1,3000,5,130",
            "2,2,2,1500,256,256",
        "1,12,3,64,100,3"})
    void outputsAreThoseOfTheDefinition(int batch, int heads, int cached, int capacity, int d, int dv) {
        Layouts layouts = new Layouts(capacity + d);
        Problem problem = Problem.random(layouts, batch, heads, cached, capacity, d, dv);
        float[] slopes = new float[heads];
        int[] lengths = new int[batch];
        for (int h = 0; h < heads; h++) {
            slopes[h] = (float) Math.pow(2, -h - 1);
        }
        for (int b = 0; b < batch; b++) {
            lengths[b] = layouts.between(0, capacity);
        }
        problem.check(DecodeSpec.softmax());
        problem.check(DecodeSpec.softmax().withScale(0.7f).withLogitBias(2).withSlopes(slopes).withLengths(lengths));
        problem.check(DecodeSpec.sigmoid().withLogitBias((float) -Math.log(capacity)).withLengths(lengths));
        problem.check(DecodeSpec.sigmoid().withSlopes(slopes));
    }

    @Test
    void logitsOfAnySizeAreExact() {
        Problem problem = Problem.random(new Layouts(51), 1, 2, 2, 700, 16, 8);
        problem.check(DecodeSpec.softmax().withScale(300));
        problem.check(DecodeSpec.sigmoid().withScale(300));
    }

    @Test
    void theCachePastTheLengthIsNeverRead() {
        Problem problem = Problem.random(new Layouts(52), 2, 2, 1, 200, 8, 8);
        for (int j = 71; j < 200; j++) {
            Layouts.set(problem.keys, 0, 0, j, 3, Double.NaN);
            Layouts.set(problem.values, 0, 0, j, 3, Double.NaN);
        }
        problem.check(DecodeSpec.softmax().withLengths(71, 200));
    }

    @Test
    void partsMergedByTheirLogSumExpAreTheWhole() {
        Layouts layouts = new Layouts(53);
        Problem whole = Problem.random(layouts, 2, 4, 2, 90, 8, 9);
        DecodeSpec spec = DecodeSpec.softmax().withScale(4);
        Decode.attend(whole.q, whole.keys, whole.values, whole.out, whole.lse, spec);
        Rows outA = layouts.empty(2, 4, 1, 9);
        Rows outB = layouts.empty(2, 4, 1, 9);
        MemorySegment lseA = floats(8);
        MemorySegment lseB = floats(8);
        Decode.attend(whole.q, Layouts.slice(whole.keys, 0, 30), Layouts.slice(whole.values, 0, 30), outA, lseA, spec);
        Decode.attend(whole.q, Layouts.slice(whole.keys, 30, 90), Layouts.slice(whole.values, 30, 90), outB, lseB,
                spec);
        Decode.merge(outA, lseA, outB, lseB, outA, lseA);
        Layouts.assertClose("out", outA, whole.out, TOLERANCE);
        Layouts.assertClose("lse", lseA.toArray(ValueLayout.JAVA_FLOAT), whole.lse.toArray(ValueLayout.JAVA_FLOAT),
                TOLERANCE);
    }

    @Test
    void anEmptyPartChangesNothing() {
        Layouts layouts = new Layouts(54);
        Rows some = layouts.normal(1, 2, 3, 5);
        Rows none = layouts.empty(1, 2, 3, 5); // NaN
        Rows out = layouts.empty(1, 2, 3, 5);
        MemorySegment lse = floats(6);
        MemorySegment finite = floats(6);
        MemorySegment empty = floats(6);
        for (int i = 0; i < 6; i++) {
            finite.setAtIndex(ValueLayout.JAVA_FLOAT, i, i * 40f);
            empty.setAtIndex(ValueLayout.JAVA_FLOAT, i, Float.NEGATIVE_INFINITY);
        }
        Decode.merge(some, finite, none, empty, out, lse);
        assertThat(Layouts.elements(out)).isEqualTo(Layouts.elements(some));
        assertThat(lse.toArray(ValueLayout.JAVA_FLOAT)).isEqualTo(finite.toArray(ValueLayout.JAVA_FLOAT));
        Decode.merge(none, empty, some, finite, out, null);
        assertThat(Layouts.elements(out)).isEqualTo(Layouts.elements(some));
        Decode.merge(none, empty, none, empty, out, lse);
        assertThat(Layouts.elements(out)).containsOnly(0f);
        assertThat(lse.toArray(ValueLayout.JAVA_FLOAT)).containsOnly(Float.NEGATIVE_INFINITY);
    }

    @Test
    void resultsAreTheSameBitsForAnyNumberOfThreads() {
        Problem problem = Problem.random(new Layouts(55), 1, 2, 1, 5000, 40, 24);
        Decode.attend(problem.q, problem.keys, problem.values, problem.out, problem.lse, DecodeSpec.softmax());
        float[] parallel = Layouts.elements(problem.out);
        Workers.run(2, task -> { // inside a task a kernel runs on one thread
            if (task == 0) {
                Decode.attend(problem.q, problem.keys, problem.values, problem.out, problem.lse, DecodeSpec.softmax());
            }
        });
        assertThat(Arrays.equals(Layouts.elements(problem.out), parallel)).isTrue();
    }

    @Test
    void badArgumentsAreNamedWithBothNumbers() {
        Layouts layouts = new Layouts(56);
        Problem good = Problem.random(layouts, 2, 4, 2, 10, 8, 6);
        DecodeSpec spec = DecodeSpec.softmax();
        refused("q rows is 10, must be 1", () -> Decode.attend(layouts.normal(2, 4, 10, 8), good.keys, good.values,
                good.out,
                null, spec));
        refused("keys width is 7, must be 8", () -> Decode.attend(good.q, layouts.normal(2, 2, 10, 7), good.values,
                good.out,
                null, spec));
        refused("values rows is 11, must be 10", () -> Decode.attend(good.q, good.keys, layouts.normal(2, 2, 11, 6),
                good.out,
                null, spec));
        refused("q has 4 heads, must be a multiple of the cache's 3", () -> Decode.attend(good.q,
                layouts.normal(2, 3, 10, 8), layouts.normal(2, 3, 10, 6), good.out, null, spec));
        refused("length is 11, must be 0 to 10", () -> Decode.attend(good.q, good.keys, good.values, good.out, null,
                spec.withLengths(3, 11)));
        refused("slopes is 3, must be 4", () -> Decode.attend(good.q, good.keys, good.values, good.out, null,
                spec.withSlopes(1, 2, 3)));
        refused("lse holds 7 floats, must hold 8", () -> Decode.attend(good.q, good.keys, good.values, good.out,
                floats(7),
                spec));
        refused("lse: sigmoid has no log-sum-exp, pass null", () -> Decode.attend(good.q, good.keys, good.values,
                good.out,
                good.lse, DecodeSpec.sigmoid()));
        refused("outB width is 5, must be 6", () -> Decode.merge(good.out, good.lse, layouts.normal(2, 4, 1, 5),
                good.lse,
                good.out, null));
    }

    private static void refused(String message, Runnable call) {
        assertThatThrownBy(call::run).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }
}
