package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Keys or values of several sequences in pages of one pool. Position j of sequence b, head h, lies in page
 * {@code tables[b][j / pageRows]} and there at float
 *
 * <pre>
 *   offset + h * headStride + (j % pageRows) * width
 * </pre>
 *
 * so that sequences take memory by need, and a page that several tables name is stored once.
 *
 * @param slabs      the pool's memory; page p lies in slab p / slabPages
 * @param slabPages  pages in a slab
 * @param pageFloats floats from one page to the next in a slab
 * @param offset     floats from a page's start to its first row of these keys
 * @param heads      Hkv
 * @param headStride floats from one head to the next within a page
 * @param pageRows   positions in a page, a multiple of 4
 * @param width      floats a row, rows of a head lying side by side
 * @param tables     the pages of each sequence, in the order of its positions; not copied
 */
public record Pages(List<MemorySegment> slabs, int slabPages, long pageFloats, long offset, int heads, long headStride,
        int pageRows, int width, int[][] tables) {

    /**
     * @throws IllegalArgumentException when a size is not positive, rows are not a multiple of 4, or a page is too
     *         small
     */
    public Pages {
        Arguments.range("slab pages", slabPages, 1, Integer.MAX_VALUE);
        Arguments.range("heads", heads, 1, Integer.MAX_VALUE);
        Arguments.range("page rows", pageRows, 4, Integer.MAX_VALUE);
        Arguments.range("width", width, 1, Integer.MAX_VALUE);
        Arguments.equal("page rows modulo 4", pageRows % 4, 0);
        long reach = offset + (heads - 1L) * headStride + (long) pageRows * width;
        Arguments.range("page floats", pageFloats, reach, Long.MAX_VALUE);
    }

    /** Sequences. */
    public int batch() {
        return tables.length;
    }

    /** The same pages with one head. */
    public Pages head(int head) {
        return new Pages(slabs, slabPages, pageFloats, offset + head * headStride, 1, headStride, pageRows, width,
                tables);
    }

    /** The memory that holds position {@code j} of sequence {@code b}. */
    MemorySegment segment(int b, int j) {
        return slabs.get(tables[b][j / pageRows] / slabPages);
    }

    /** Byte offset of position {@code j} in {@link #segment}. */
    long at(int b, int head, int j) {
        int page = tables[b][j / pageRows] % slabPages;
        return (page * pageFloats + offset + head * headStride + (long) (j % pageRows) * width) * Float.BYTES;
    }

    /** Checks that the table of {@code b} reaches {@code length} positions. */
    void check(String name, int b, int length) {
        int pages = (length + pageRows - 1) / pageRows;
        if (tables[b].length < pages) {
            throw new IllegalArgumentException(name + ": sequence " + b + " has " + tables[b].length + " pages of "
                    + pageRows + ", " + length + " positions need " + pages);
        }
    }

    /** Copies positions {@code from} to {@code to} of one head to the heap, row after row. */
    public void read(int b, int head, int from, int to, float[] into, int at) {
        for (int j = from; j < to; ) {
            int count = Math.min(to - j, pageRows - j % pageRows);
            Panels.read(segment(b, j), at(b, head, j) / Float.BYTES, width, count, width, into, at, width);
            at += count * width;
            j += count;
        }
    }

    /** Writes one row of one head. */
    public void write(int b, int head, int j, float[] from, int at) {
        Panels.write(from, at, width, 1, width, segment(b, j), at(b, head, j) / Float.BYTES, width);
    }
}
