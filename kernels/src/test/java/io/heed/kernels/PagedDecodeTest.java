package io.heed.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class PagedDecodeTest {
    private static final int PAGE = 16;

    /** The rows of a contiguous cache, in shuffled pages of several slabs. */
    private static Pages pages(Rows cache, int[][] tables, int slabPages, int pages) {
        long floats = (long) cache.heads() * PAGE * cache.width() + 5;
        List<MemorySegment> slabs = new ArrayList<>();
        for (int i = 0; i * slabPages < pages; i++) {
            slabs.add(Arena.ofAuto().allocate(slabPages * floats * Float.BYTES, 64));
        }
        Pages paged = new Pages(slabs, slabPages, floats, 5, cache.heads(), (long) PAGE * cache.width(), PAGE,
                cache.width(),
                tables);
        float[] row = new float[cache.width()];
        for (int b = 0; b < cache.batch(); b++) {
            for (int h = 0; h < cache.heads(); h++) {
                for (int j = 0; j < cache.rows(); j++) {
                    for (int i = 0; i < row.length; i++) {
                        row[i] = (float) Layouts.get(cache, b, h, j, i);
                    }
                    paged.write(b, h, j, row, 0);
                }
            }
        }
        return paged;
    }

    private static int[][] tables(int batch, int perSequence, long seed) {
        List<Integer> all = new ArrayList<>(IntStream.range(0, batch * perSequence).boxed().toList());
        Collections.shuffle(all, new Random(seed));
        int[][] tables = new int[batch][perSequence];
        for (int b = 0; b < batch; b++) {
            for (int i = 0; i < perSequence; i++) {
                tables[b][i] = all.get(b * perSequence + i);
            }
        }
        return tables;
    }

    @ParameterizedTest
    @CsvSource({"1,2,1,16,8", "3,4,2,130,8", "2,8,2,512,64", "2,6,3,700,33"})
    void pagesGiveWhatContiguousMemoryGives(int batch, int heads, int cached, int capacity, int width) {
        Layouts layouts = new Layouts(capacity);
        Rows q = layouts.normal(batch, heads, 1, width);
        Rows keys = layouts.normal(batch, cached, capacity, width);
        Rows values = layouts.normal(batch, cached, capacity, width);
        Rows want = layouts.empty(batch, heads, 1, width);
        Rows got = layouts.empty(batch, heads, 1, width);
        int[] lengths = IntStream.range(0, batch).map(b -> capacity - 7 * b).toArray();
        DecodeSpec spec = DecodeSpec.softmax().withScale(0.6f).withLengths(lengths);
        int perSequence = (capacity + PAGE - 1) / PAGE;
        int[][] tables = tables(batch, perSequence, 4);

        Decode.attend(q, keys, values, want, null, spec);
        Decode.attend(q, pages(keys, tables, 3, batch * perSequence), pages(values, tables, 3, batch * perSequence),
                got, spec, 0, 0);

        // up to one part the two take the same steps; beyond, parts are cut elsewhere
        double tolerance = capacity <= 512 ? 0 : 2e-6;
        for (int b = 0; b < batch; b++) {
            for (int h = 0; h < heads; h++) {
                for (int i = 0; i < width; i++) {
                    assertThat((double) Layouts.get(got, b, h, 0, i))
                            .isCloseTo((double) Layouts.get(want, b, h, 0, i), within(tolerance));
                }
            }
        }
    }

    @Test
    void aSequencesBitsDoNotDependOnItsNeighbours() {
        Layouts layouts = new Layouts(9);
        int capacity = 1200;
        Rows q = layouts.normal(3, 4, 1, 16);
        Rows keys = layouts.normal(3, 2, capacity, 16);
        int[][] tables = tables(3, capacity / PAGE, 8);
        Pages paged = pages(keys, tables, 10, 3 * capacity / PAGE);
        Rows all = layouts.empty(3, 4, 1, 16);
        Decode.attend(q, paged, paged, all, DecodeSpec.softmax().withLengths(1200, 40, 700), 0, 0);

        for (int b = 0; b < 3; b++) {
            Rows one = layouts.empty(1, 4, 1, 16);
            Rows query = new Rows(q.data().asSlice(q.offset(b, 0, 0) * Float.BYTES), 1, 4, 1, 16, 0, q.headStride(),
                    q.rowStride());
            Pages alone = new Pages(paged.slabs(), 10, paged.pageFloats(), paged.offset(), 2, paged.headStride(), PAGE,
                    16,
                    new int[][] {tables[b]});
            Decode.attend(query, alone, alone, one, DecodeSpec.softmax().withLengths(new int[] {1200, 40, 700}[b]), 0,
                    0);
            for (int h = 0; h < 4; h++) {
                for (int i = 0; i < 16; i++) {
                    assertThat(Layouts.get(one, 0, h, 0, i)).isEqualTo(Layouts.get(all, b, h, 0, i));
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"4,20,100", "0,33,90", "5,1,70", "30,60,80", "4,600,1300"})
    void sinksAndWindowAreThoseKeysAndNoOthers(int sinks, int window, int length) {
        Layouts layouts = new Layouts(length);
        Rows q = layouts.normal(1, 2, 1, 8);
        Rows keys = layouts.normal(1, 1, length, 8);
        Rows values = layouts.normal(1, 1, length, 8);
        int[] visible = length - window <= sinks ? IntStream.range(0, length).toArray()
                : IntStream.concat(IntStream.range(0, sinks), IntStream.range(length - window, length)).toArray();
        Rows someKeys = layouts.empty(1, 1, visible.length, 8);
        Rows someValues = layouts.empty(1, 1, visible.length, 8);
        for (int j = 0; j < visible.length; j++) {
            for (int i = 0; i < 8; i++) {
                Layouts.set(someKeys, 0, 0, j, i, Layouts.get(keys, 0, 0, visible[j], i));
                Layouts.set(someValues, 0, 0, j, i, Layouts.get(values, 0, 0, visible[j], i));
            }
        }
        Rows want = layouts.empty(1, 2, 1, 8);
        Rows got = layouts.empty(1, 2, 1, 8);
        int pages = (length + PAGE - 1) / PAGE;
        int[][] tables = tables(1, pages, 3);
        Decode.attend(q, someKeys, someValues, want, null, DecodeSpec.softmax());
        Pages pagedKeys = pages(keys, tables, 2, pages);
        Pages pagedValues = pages(values, tables, 2, pages);
        if (length - window > sinks) {
            // pages that nobody may read
            int hidden = IntStream.range(0, pages).filter(p -> p * PAGE >= sinks && (p + 1) * PAGE <= length - window)
                    .findFirst()
                    .orElse(-1);
            if (hidden >= 0) {
                tables[0][hidden] = -1;
            }
        }
        Decode.attend(q, pagedKeys, pagedValues, got, DecodeSpec.softmax().withLengths(length), sinks, window);
        for (int h = 0; h < 2; h++) {
            for (int i = 0; i < 8; i++) {
                assertThat((double) Layouts.get(got, 0, h, 0, i)).isCloseTo((double) Layouts.get(want, 0, h, 0, i),
                        within(3e-6));
            }
        }
    }

    @Test
    void tablesThatAreTooShortAreNamed() {
        Layouts layouts = new Layouts(1);
        Rows q = layouts.normal(1, 1, 1, 4);
        Rows keys = layouts.normal(1, 1, 32, 4);
        Pages paged = pages(keys, new int[][] {{0, 1}}, 2, 2);
        assertThatThrownBy(() -> Decode.attend(q, paged, paged, q, DecodeSpec.softmax().withLengths(33), 0, 0))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("33 positions need 3");
    }
}
