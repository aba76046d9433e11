package io.heed.inference.cache;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The keys and values of one sequence: its pages, in order, and what attention policies remember of it. Closing it
 * gives the pages back.
 */
public final class SequenceCache implements AutoCloseable {
    private static final int RELEASED = -1;

    private final PagePool pool;
    private final Map<Object, Object> notes = new HashMap<>();
    private int[] table;
    private int pages;
    private int promised;
    private int length;
    private boolean closed;

    /**
     * @param promised pages that the pool has set aside for it
     * @param shared   pages of its first positions that others hold too
     */
    SequenceCache(PagePool pool, int promised, int... shared) {
        this.pool = pool;
        this.promised = promised;
        table = Arrays.copyOf(shared, Math.max(shared.length, 4));
        pages = shared.length;
        length = shared.length * PagePool.PAGE_ROWS;
        for (int page : shared) {
            pool.hold(page);
        }
    }

    /** Positions whose keys and values are there. */
    public int length() {
        return length;
    }

    /** The pages, as the kernels read them. */
    public int[] table() {
        return table;
    }

    /** Makes room for positions up to {@code length} (exclusive), which the model is about to fill. */
    public void extend(int length) {
        int needed = PagePool.pages(length);
        if (needed > table.length) {
            table = Arrays.copyOf(table, Math.max(needed, 2 * table.length));
        }
        while (pages < needed) {
            table[pages++] = pool.takePromised();
            promised--;
        }
        this.length = length;
    }

    /** Releases whole pages between the positions {@code from} and {@code to}: nothing will read them again. */
    public void release(int from, int to) {
        for (int i = PagePool.pages(from); i < to / PagePool.PAGE_ROWS && i < pages; i++) {
            if (table[i] != RELEASED) {
                pool.release(table[i]);
                table[i] = RELEASED;
            }
        }
    }

    /** Uses a page of another sequence with the same contents in place of its own. */
    void replace(int index, int page) {
        pool.hold(page);
        pool.release(table[index]);
        table[index] = page;
    }

    int page(int index) {
        return table[index];
    }

    /** What a policy keeps with this sequence under {@code key}, made when first asked for. */
    @SuppressWarnings("unchecked")
    public <T> T note(Object key, Supplier<T> fresh) {
        return (T) notes.computeIfAbsent(key, _ -> fresh.get());
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            pool.forgo(promised);
            for (int i = 0; i < pages; i++) {
                if (table[i] != RELEASED) {
                    pool.release(table[i]);
                }
            }
        }
    }
}
