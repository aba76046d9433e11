package io.heed.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

import io.heed.kernels.Rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class ViewTest {
    private static Tensor counting(long... shape) {
        int count = 1;
        for (long size : shape) {
            count *= (int) size;
        }
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = i;
        }
        return Ops.of(values, shape);
    }

    private static float at(Rows rows, int b, int h, int n, int d) {
        return rows.data().getAtIndex(ValueLayout.JAVA_FLOAT, rows.offset(b, h, n) + d);
    }

    private static void assertSame(Rows rows, Tensor expected) {
        assertThat(new long[] {rows.batch(), rows.heads(), rows.rows(), rows.width()}).isEqualTo(expected.shape());
        float[] values = Ops.floats(expected);
        int i = 0;
        for (int b = 0; b < rows.batch(); b++) {
            for (int h = 0; h < rows.heads(); h++) {
                for (int n = 0; n < rows.rows(); n++) {
                    for (int d = 0; d < rows.width(); d++) {
                        assertThat(at(rows, b, h, n, d)).isEqualTo(values[i++]);
                    }
                }
            }
        }
    }

    @Test
    void readsStridesWithoutACopy() {
        Tensor packed = counting(2, 5, 3, 3, 4);
        Tensor key = packed.select(2, 1).transpose(1, 2);
        try (View view = View.read(key)) {
            assertSame(view.rows(), key);
            assertThat(view.data().address()).isEqualTo(key.data_ptr().address());
        }
        Tensor expanded = counting(1, 1, 6, 4).expand(2, 3, 6, 4);
        try (View view = View.read(expanded)) {
            assertSame(view.rows(), expanded);
            assertThat(view.rows().headStride()).isZero();
        }
    }

    @Test
    void copiesWhenTheLastDimensionIsNotContiguous() {
        Tensor transposed = counting(2, 3, 4, 5).transpose(2, 3);
        try (View view = View.read(transposed)) {
            assertSame(view.rows(), transposed);
            assertThat(view.data().address()).isNotEqualTo(transposed.data_ptr().address());
        }
        assertThatThrownBy(() -> View.write(transposed)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("stride 5");
    }

    @Test
    void fewerDimensionsAndEmptyTensors() {
        try (View view = View.read(counting(5, 3))) {
            assertThat(view.rows().shape()).isEqualTo("(1, 1, 5, 3)");
        }
        try (View view = View.read(torch.empty(2, 0, 4))) {
            assertThat(view.rows().shape()).isEqualTo("(1, 2, 0, 4)");
            assertThat(view.data().byteSize()).isZero();
        }
    }

    @Test
    void writesReachTheTensor() {
        Tensor out = torch.zeros(1, 2, 3, 4);
        try (View view = View.write(out)) {
            view.data().setAtIndex(ValueLayout.JAVA_FLOAT, view.rows().offset(0, 1, 2) + 3, 42f);
        }
        assertThat(Ops.floats(out)[23]).isEqualTo(42f);
        assertThatThrownBy(() -> View.write(torch.zeros(1, 4).expand(3, 4))).hasMessageContaining("stride 0");
    }

    @Test
    void anythingButFloatIsRefusedByName() {
        assertThatThrownBy(() -> View.read(torch.zeros(2, 2).to(ScalarType.Double)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("Double");
        assertThatThrownBy(() -> View.read(torch.zeros(1, 1, 1, 1, 2))).hasMessageContaining("(1, 1, 1, 1, 2)");
    }

    @Test
    void aPlainSegmentNeedsAContiguousTensor() {
        MemorySegment memory = View.segment(Ops.of(new long[] {3, 4}));
        assertThat(memory.getAtIndex(ValueLayout.JAVA_LONG, 1)).isEqualTo(4);
        assertThatThrownBy(() -> View.segment(counting(2, 3).transpose(0, 1))).hasMessageContaining("contiguous");
    }
}
