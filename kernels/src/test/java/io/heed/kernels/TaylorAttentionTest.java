package io.heed.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.IntPredicate;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class TaylorAttentionTest {
    private static final double EPSILON = 1e-6;

    @ParameterizedTest
    @CsvSource({"1,1,1,1,1", "2,3,19,6,8", "1,2,96,4,8", "1,1,97,16,64", "2,1,131,5,33", "1,4,200,16,17",
            "1,1,61,20,130",
        "1,2,389,3,5"})
    void outputsAndGradientsAreThoseOfTheDefinition(int batch, int heads, int rows, int f, int e) {
        for (KeyPadding padding : new KeyPadding[] {KeyPadding.none(), lengths(batch, rows), flags(batch, rows)}) {
            Layouts layouts = new Layouts(rows * 7L + f);
            TaylorAttention.Input input = new TaylorAttention.Input(layouts.normal(batch, heads, rows, f),
                    layouts.normal(batch, heads, rows, f), layouts.normal(batch, heads, rows, e), null);
            MemorySegment normalizers = Arena.ofAuto().allocate(4L * batch * heads * rows);
            TaylorAttention.Output output = new TaylorAttention.Output(layouts.empty(batch, heads, rows, e),
                    normalizers, null);
            Rows gradient = layouts.normal(batch, heads, rows, e);
            TaylorAttention.Input result = new TaylorAttention.Input(layouts.empty(batch, heads, rows, f),
                    layouts.empty(batch, heads, rows, f), layouts.empty(batch, heads, rows, e), null);
            TaylorAttention.forward(input, output, padding, EPSILON);
            TaylorAttention.backward(input, output, gradient, result, padding);
            for (int b = 0; b < batch; b++) {
                for (int h = 0; h < heads; h++) {
                    TaylorReference want = new TaylorReference(Layouts.head(input.q(), b, h), Layouts.head(input.k(),
                            b, h),
                            Layouts.head(input.v(), b, h), exists(padding, b, rows), EPSILON, Layouts.head(gradient,
                                    b, h));
                    close("o", Layouts.head(output.out(), b, h), want.out);
                    close("dq", Layouts.head(result.q(), b, h), want.gradQ);
                    close("dk", Layouts.head(result.k(), b, h), want.gradK);
                    close("dv", Layouts.head(result.v(), b, h), want.gradV);
                }
            }
        }
    }

    @Test
    void theStateIsTheSumOfFeaturesTimesValuesAndOne() {
        int rows = 130;
        int f = 5;
        int e = 9;
        Layouts layouts = new Layouts(3);
        Rows k = layouts.normal(1, 1, rows, f);
        Rows v = layouts.normal(1, 1, rows, e);
        Rows last = layouts.empty(1, 1, TaylorAttention.features(f), e + 1);
        TaylorAttention.forward(new TaylorAttention.Input(layouts.normal(1, 1, rows, f), k, v, null),
                new TaylorAttention.Output(layouts.empty(1, 1, rows, e), null, last), KeyPadding.none(), EPSILON);
        double[][] want = new double[TaylorAttention.features(f)][e + 1];
        double[][] keys = Layouts.head(k, 0, 0);
        double[][] values = Layouts.head(v, 0, 0);
        for (int j = 0; j < rows; j++) {
            double[] phi = TaylorReference.features(keys[j]);
            for (int p = 0; p < phi.length; p++) {
                for (int i = 0; i <= e; i++) {
                    want[p][i] += phi[p] * (i < e ? values[j][i] : 1);
                }
            }
        }
        close("state", Layouts.head(last, 0, 0), want);
    }

    /** 113 tokens in one call; in two calls that hand the state over; the rest token by token. */
    @Test
    void chunksAndStepsContinueTheState() {
        int f = 6;
        int e = 10;
        Layouts layouts = new Layouts(5);
        Rows q = layouts.normal(2, 3, 113, f);
        Rows k = layouts.normal(2, 3, 113, f);
        Rows v = layouts.normal(2, 3, 113, e);
        Rows whole = layouts.empty(2, 3, 113, e);
        TaylorAttention.forward(new TaylorAttention.Input(q, k, v, null), new TaylorAttention.Output(whole, null, null),
                KeyPadding.none(), EPSILON);
        Rows parts = layouts.empty(2, 3, 113, e);
        Rows state = layouts.empty(2, 3, TaylorAttention.features(f), e + 1);
        Layouts.fill(state, () -> 0);
        for (int[] range : new int[][] {{0, 40}, {40, 101}}) {
            TaylorAttention.forward(
                    new TaylorAttention.Input(Layouts.slice(q, range[0], range[1]), Layouts.slice(k, range[0],
                            range[1]),
                            Layouts.slice(v, range[0], range[1]), state),
                    new TaylorAttention.Output(Layouts.slice(parts, range[0], range[1]), null, state),
                            KeyPadding.none(), EPSILON);
        }
        for (int t = 101; t < 113; t++) {
            TaylorAttention.step(Layouts.slice(q, t, t + 1), Layouts.slice(k, t, t + 1), Layouts.slice(v, t, t + 1),
                    state,
                    Layouts.slice(parts, t, t + 1), EPSILON);
        }
        Layouts.assertClose("parts", parts, whole, 3e-6);
    }

    @Test
    void whatDoesNotFitIsSaid() {
        Layouts layouts = new Layouts(1);
        Rows q = layouts.normal(1, 1, 4, 3);
        Rows v = layouts.normal(1, 1, 4, 5);
        assertThatThrownBy(() -> TaylorAttention.forward(new TaylorAttention.Input(q, v, v, null),
                new TaylorAttention.Output(layouts.empty(1, 1, 4, 5), null, null), KeyPadding.none(), EPSILON))
                .hasMessage("k width is 5, must be 3");
        assertThatThrownBy(() -> TaylorAttention.step(q, q, v, layouts.normal(1, 1, 10, 6), v, EPSILON))
                .hasMessage("q rows is 4, must be 1");
        assertThat(TaylorAttention.features(16)).isEqualTo(153);
    }

    private static KeyPadding lengths(int batch, int rows) {
        int[] lengths = new int[batch];
        for (int b = 0; b < batch; b++) {
            lengths[b] = Math.max(1, rows - 3 * (b + 1));
        }
        return KeyPadding.lengths(lengths);
    }

    /** The first two keys and every seventh missing, so that some queries see none. */
    private static KeyPadding flags(int batch, int rows) {
        MemorySegment flags = Arena.ofAuto().allocate((long) batch * rows);
        for (int i = 0; i < batch * rows; i++) {
            flags.set(ValueLayout.JAVA_BYTE, i, (byte) (i % rows < 2 || i % 7 == 3 ? 0 : 1));
        }
        return KeyPadding.flags(flags);
    }

    private static IntPredicate exists(KeyPadding padding, int b, int rows) {
        return j -> LinearChunk.exists(padding, b, rows, j);
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
                assertThat(Math.abs(got[n][i] - want[n][i]) / scale).as("%s[%d][%d] is %s, want %s", name, n, i,
                        got[n][i],
                        want[n][i]).isLessThan(5e-6);
            }
        }
    }
}
