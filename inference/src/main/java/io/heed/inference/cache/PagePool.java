package io.heed.inference.cache;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.heed.kernels.Pages;

/**
 * The memory of all key/value caches. A page holds {@value #PAGE_ROWS} positions of one sequence: keys (G, rows, d) and
 * values (G, rows, d) of every layer. Memory is allocated in slabs, as pages are taken, up to a budget.
 *
 * <p>Pages are counted: each sequence that names one, and the prefix index, hold it once. Not for use by several
 * threads.
 */
public final class PagePool {
    /** Positions in a page. */
    public static final int PAGE_ROWS = 16;
    private static final long SLAB_BYTES = 4L << 20;

    private final int heads;
    private final int width;
    private final int layers;
    private final long pageFloats;
    private final int slabPages;
    private final int capacity;
    private final List<MemorySegment> slabs = new ArrayList<>();
    private int[] holders = new int[0];
    private final List<Integer> free = new ArrayList<>();
    private int taken;
    private int promised;

    /**
     * @param layers of the model
     * @param heads  G, key/value heads
     * @param width  d, floats a head
     * @param budget bytes that all pages may take
     * @throws IllegalArgumentException when the budget holds not one page
     */
    public PagePool(int layers, int heads, int width, long budget) {
        this.layers = layers;
        this.heads = heads;
        this.width = width;
        pageFloats = 2L * layers * heads * PAGE_ROWS * width;
        capacity = (int) Math.min(Integer.MAX_VALUE, budget / (pageFloats * Float.BYTES));
        if (capacity < 1) {
            throw new IllegalArgumentException("a cache of " + budget + " bytes holds no page of " + PAGE_ROWS
                    + " positions, which takes " + pageFloats * Float.BYTES + " bytes");
        }
        slabPages = (int) Math.clamp(SLAB_BYTES / (pageFloats * Float.BYTES), 1, capacity);
    }

    /** Pages that {@code positions} need. */
    public static int pages(int positions) {
        return (positions + PAGE_ROWS - 1) / PAGE_ROWS;
    }

    /** Pages in the budget. */
    public int capacity() {
        return capacity;
    }

    /** Pages that somebody holds. */
    public int taken() {
        return taken;
    }

    /** Bytes allocated so far. */
    public long allocatedBytes() {
        return (long) slabs.size() * slabPages * pageFloats * Float.BYTES;
    }

    /** Pages neither held nor promised. */
    int available() {
        return capacity - taken - promised;
    }

    /** Sets pages aside; {@link #takePromised} then cannot fail. */
    void promise(int pages) {
        promised += pages;
    }

    /** Gives back what was set aside and not taken. */
    void forgo(int pages) {
        promised -= pages;
    }

    /** A page, held once, out of those that were promised. */
    int takePromised() {
        promised--;
        taken++;
        if (free.isEmpty()) {
            grow();
        }
        int page = free.removeLast();
        holders[page] = 1;
        return page;
    }

    void hold(int page) {
        holders[page]++;
    }

    void release(int page) {
        if (--holders[page] == 0) {
            taken--;
            free.add(page);
        }
    }

    int holders(int page) {
        return holders[page];
    }

    private void grow() {
        int first = slabs.size() * slabPages;
        slabs.add(Arena.ofAuto().allocate(slabPages * pageFloats * Float.BYTES, 64));
        holders = Arrays.copyOf(holders, first + slabPages);
        for (int page = first + slabPages - 1; page >= first; page--) {
            free.add(page);
        }
    }

    /** The keys of a layer, for sequences with these tables. */
    public Pages keys(int layer, int[][] tables) {
        return pages(2L * layer, tables);
    }

    /** The values of a layer, for sequences with these tables. */
    public Pages values(int layer, int[][] tables) {
        return pages(2L * layer + 1, tables);
    }

    private Pages pages(long block, int[][] tables) {
        long blockFloats = (long) heads * PAGE_ROWS * width;
        return new Pages(slabs, slabPages, pageFloats, block * blockFloats, heads, (long) PAGE_ROWS * width, PAGE_ROWS,
                width,
                tables);
    }
}
