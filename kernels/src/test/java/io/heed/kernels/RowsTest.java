package io.heed.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class RowsTest {
    private static final MemorySegment TEN = MemorySegment.ofArray(new float[10]);

    @Test
    void acceptsAViewThatEndsWithTheMemory() {
        Rows view = new Rows(TEN, 1, 2, 2, 2, 0, 4, 4);
        assertThat(view.offset(0, 1, 1)).isEqualTo(8);
    }

    @Test
    void refusesAViewThatReachesPastTheMemory() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Rows(TEN, 1, 2, 2, 2, 0, 5, 4))
                .withMessageContaining("11").withMessageContaining("10");
    }

    @Test
    void refusesNegativeSizesAndStrides() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Rows(TEN, 1, -1, 2, 2, 0, 5, 4))
                .withMessageContaining("-1");
        assertThatIllegalArgumentException().isThrownBy(() -> new Rows(TEN, 1, 1, 2, 2, 0, 0, -3))
                .withMessageContaining("-3");
    }

    @Test
    void refusesMemoryOfOneThread() {
        try (Arena arena = Arena.ofConfined()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Rows.contiguous(arena.allocate(16), 1, 1, 1,
                    1)).withMessageContaining("confined");
        }
    }

    @Test
    void anEmptyViewNeedsNoMemory() {
        assertThat(new Rows(MemorySegment.NULL, 0, 4, 8, 16, 1, 1, 1).rows()).isEqualTo(8);
    }
}
