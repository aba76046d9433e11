package io.heed.kernels;

import java.util.Arrays;

/**
 * A sparse adjacency in compressed sparse rows: row t lists the sources whose messages target t receives. Immutable.
 *
 * <p>Each stored entry also knows the number of its edge in the caller's own list, so that per-edge data (features,
 * biases) needs no reordering and the {@linkplain #transpose() transposed} matrix reads the same rows of it.
 */
public final class Csr {
    /** Work of one task, counted in rows plus entries; fixed, so that tasks depend on the matrix alone. */
    private static final int TASK_WORK = 1024;

    final int rows;
    final int columns;
    /** Entries of row r are at {@code start[r]} to {@code start[r + 1] - 1}. */
    final int[] start;
    final int[] column;
    /** Number of the entry's edge in the caller's list. */
    final int[] edge;
    /** Row numbers that cut the rows into tasks of about equal work, but for a row with more than that. */
    final int[] tasks;
    /** Numbers of the tasks, those with most work first: a hub's long row then runs beside all others, not after. */
    final int[] order;
    private volatile Csr transposed;

    private Csr(int rows, int columns, int[] start, int[] column, int[] edge) {
        this.rows = rows;
        this.columns = columns;
        this.start = start;
        this.column = column;
        this.edge = edge;
        this.tasks = tasks(rows, start);
        this.order = order(tasks, start);
    }

    /**
     * The matrix of a list of edges; edge e runs from {@code source[e]} to {@code target[e]}. Entries of one row keep
     * the list's order, repeats included.
     *
     * @param targets number of target nodes, the rows
     * @param sources number of source nodes, the columns
     * @throws IllegalArgumentException when the lists differ in length or an edge names a node that does not exist
     */
    public static Csr of(int targets, int sources, int[] source, int[] target) {
        if (targets < 0 || sources < 0) {
            throw new IllegalArgumentException("node counts must not be negative, got " + targets + " and " + sources);
        }
        if (source.length != target.length) {
            throw new IllegalArgumentException("source lists " + source.length + " edges, target " + target.length);
        }
        int[] start = new int[targets + 1];
        for (int e = 0; e < target.length; e++) {
            if (target[e] < 0 || target[e] >= targets) {
                throw new IllegalArgumentException("edge " + e + " ends at node " + target[e] + ", must be 0 to "
                        + (targets - 1));
            }
            if (source[e] < 0 || source[e] >= sources) {
                throw new IllegalArgumentException("edge " + e + " starts at node " + source[e] + ", must be 0 to "
                        + (sources - 1));
            }
            start[target[e] + 1]++;
        }
        for (int t = 0; t < targets; t++) {
            start[t + 1] += start[t];
        }
        int[] next = Arrays.copyOf(start, targets);
        int[] column = new int[source.length];
        int[] edge = new int[source.length];
        for (int e = 0; e < source.length; e++) {
            int slot = next[target[e]]++;
            column[slot] = source[e];
            edge[slot] = e;
        }
        return new Csr(targets, sources, start, column, edge);
    }

    /** Number of rows: target nodes. */
    public int rows() {
        return rows;
    }

    /** Number of columns: source nodes. */
    public int columns() {
        return columns;
    }

    /** Number of entries. */
    public int edges() {
        return column.length;
    }

    /** Number of entries in row {@code row}. */
    public int degree(int row) {
        return start[row + 1] - start[row];
    }

    /** First entry of row {@code row}; {@code first(rows())} is the number of entries. */
    public int first(int row) {
        return start[row];
    }

    /** Source node of entry {@code slot}. */
    public int column(int slot) {
        return column[slot];
    }

    /** Number, in the caller's list, of the edge at entry {@code slot}. */
    public int edge(int slot) {
        return edge[slot];
    }

    /** The matrix by source, with the same edge numbers; entries of one row ascend by target. Built once. */
    public Csr transpose() {
        Csr known = transposed;
        if (known == null) {
            int[] nextStart = new int[columns + 1];
            for (int c : column) {
                nextStart[c + 1]++;
            }
            for (int c = 0; c < columns; c++) {
                nextStart[c + 1] += nextStart[c];
            }
            int[] next = Arrays.copyOf(nextStart, columns);
            int[] target = new int[column.length];
            int[] number = new int[column.length];
            for (int row = 0; row < rows; row++) {
                for (int slot = start[row]; slot < start[row + 1]; slot++) {
                    int to = next[column[slot]]++;
                    target[to] = row;
                    number[to] = edge[slot];
                }
            }
            known = new Csr(columns, rows, nextStart, target, number);
            known.transposed = this;
            transposed = known;
        }
        return known;
    }

    private static int[] tasks(int rows, int[] start) {
        int[] cuts = new int[rows + 2];
        int count = 1;
        long work = 0;
        for (int row = 0; row < rows; row++) {
            work += 1 + start[row + 1] - start[row];
            if (work >= TASK_WORK || row == rows - 1) {
                cuts[count++] = row + 1;
                work = 0;
            }
        }
        return Arrays.copyOf(cuts, count);
    }

    private static int[] order(int[] tasks, int[] start) {
        int[] order = new int[tasks.length - 1];
        int heavy = 0;
        for (int task = 0; task < order.length; task++) {
            if (start[tasks[task + 1]] - start[tasks[task]] > 2 * TASK_WORK) {
                order[heavy++] = task;
            }
        }
        int[] hubs = Arrays.copyOf(order, heavy);
        int[] sorted = Arrays.stream(hubs).boxed()
                .sorted((a, b) -> Integer.compare(start[tasks[b + 1]] - start[tasks[b]],
                        start[tasks[a + 1]] - start[tasks[a]]))
                .mapToInt(task -> task).toArray();
        System.arraycopy(sorted, 0, order, 0, heavy);
        for (int task = 0, next = heavy; task < order.length; task++) {
            if (Arrays.binarySearch(hubs, task) < 0) {
                order[next++] = task;
            }
        }
        return order;
    }

    /** Runs {@code work} on every group of consecutive rows, each at most {@code entries} entries long or one row. */
    void forEachGroup(int entries, Group work) {
        Workers.run(order.length, number -> {
            int task = order[number];
            int end = tasks[task + 1];
            for (int first = tasks[task]; first < end; ) {
                int last = first + 1;
                while (last < end && start[last + 1] - start[first] <= entries) {
                    last++;
                }
                work.rows(first, last);
                first = last;
            }
        });
    }

    /** Work on rows {@code first} to {@code end - 1}. */
    @FunctionalInterface
    interface Group {
        void rows(int first, int end);
    }
}
