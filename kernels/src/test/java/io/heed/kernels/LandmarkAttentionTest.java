package io.heed.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class LandmarkAttentionTest {
    @ParameterizedTest
    @CsvSource({"1,1,1,2,1,1", "2,3,21,5,8,6", "1,2,64,16,16,16", "1,2,197,16,8,33", "2,1,250,51,20,5", "1,1,131,2,4,4",
        "1,1,90,200,7,9", "1,2,300,65,64,64"})
    void outputsAndGradientsAreThoseOfTheDefinition(int batch, int heads, int rows, int block, int d, int e) {
        for (KeyPadding padding : new KeyPadding[] {KeyPadding.none(), lengths(batch, rows), flags(batch, rows,
                block)}) {
            Layouts layouts = new Layouts(rows * 7L + d);
            LandmarkAttention.Input input = new LandmarkAttention.Input(layouts.normal(batch, heads, rows, d),
                    layouts.normal(batch, heads, rows, d), layouts.normal(batch, heads, rows, e));
            LandmarkAttention.Output output = new LandmarkAttention.Output(layouts.empty(batch, heads, rows, e),
                    Arena.ofAuto().allocate(4L * batch * heads * rows));
            Rows gradient = layouts.normal(batch, heads, rows, e);
            LandmarkAttention.Input result = new LandmarkAttention.Input(layouts.empty(batch, heads, rows, d),
                    layouts.empty(batch, heads, rows, d), layouts.empty(batch, heads, rows, e));
            LandmarkAttention.forward(input, output, block, padding);
            LandmarkAttention.backward(input, output, gradient, result, block, padding);
            for (int b = 0; b < batch; b++) {
                int sequence = b;
                for (int h = 0; h < heads; h++) {
                    LandmarkReference want = new LandmarkReference(Layouts.head(input.q(), b, h),
                            Layouts.head(input.k(), b, h),
                            Layouts.head(input.v(), b, h), block, j -> LinearChunk.exists(padding, sequence, rows, j),
                            Layouts.head(gradient, b, h));
                    close("o", Layouts.head(output.out(), b, h), want.out);
                    close("dq", Layouts.head(result.q(), b, h), want.gradQ);
                    close("dk", Layouts.head(result.k(), b, h), want.gradK);
                    close("dv", Layouts.head(result.v(), b, h), want.gradV);
                }
            }
        }
    }

    /** Logits of thousands: every block keeps its own largest. */
    @Test
    void largeLogitsStayFinite() {
        Layouts layouts = new Layouts(2);
        Rows q = layouts.rows(1, 1, 70, 8, () -> 60 * layouts.gaussian());
        LandmarkAttention.Input input = new LandmarkAttention.Input(q, layouts.rows(1, 1, 70, 8, () ->
                60 * layouts.gaussian()),
                layouts.normal(1, 1, 70, 8));
        LandmarkAttention.Output output = new LandmarkAttention.Output(layouts.empty(1, 1, 70, 8),
                Arena.ofAuto().allocate(4L * 70));
        LandmarkAttention.forward(input, output, 8, KeyPadding.none());
        for (float x : Layouts.elements(output.out())) {
            assertThat(Math.abs(x)).isLessThan(10f);
        }
    }

    @Test
    void whatDoesNotFitIsSaid() {
        Layouts layouts = new Layouts(1);
        Rows q = layouts.normal(1, 1, 4, 3);
        LandmarkAttention.Input input = new LandmarkAttention.Input(q, q, q);
        MemorySegment lse = Arena.ofAuto().allocate(16);
        assertThatThrownBy(() -> LandmarkAttention.forward(input, new LandmarkAttention.Output(layouts.empty(1, 1, 4,
                3), lse), 1,
                KeyPadding.none())).hasMessage("block is 1, must be 2 to 1024");
        assertThatThrownBy(() -> LandmarkAttention.forward(input, new LandmarkAttention.Output(layouts.empty(1, 1, 5,
                3), lse), 2,
                KeyPadding.none())).hasMessage("out rows is 5, must be 4");
    }

    private static KeyPadding lengths(int batch, int rows) {
        int[] lengths = new int[batch];
        for (int b = 0; b < batch; b++) {
            lengths[b] = Math.max(1, rows - 3 * (b + 1));
        }
        return KeyPadding.lengths(lengths);
    }

    /** A whole block, some landmarks and every seventh key missing. */
    private static KeyPadding flags(int batch, int rows, int block) {
        MemorySegment flags = Arena.ofAuto().allocate((long) batch * rows);
        for (int i = 0; i < batch * rows; i++) {
            int j = i % rows;
            boolean gone = j < block - 1 || i % 7 == 3 || j == 3 * block - 1;
            flags.set(ValueLayout.JAVA_BYTE, i, (byte) (gone ? 0 : 1));
        }
        return KeyPadding.flags(flags);
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
