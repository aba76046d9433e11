package io.heed.kernels;

import java.util.Arrays;

/**
 * The keys of one tile in scratch, and the logits that six queries of one row have with a run of them. Within a box,
 * keys lie plane by plane, row by row: those of several rows are one stretch as long as the six windows together are as
 * wide as the box.
 */
final class NeighborhoodBox {
    static final int STEP = NeighborhoodTiling.STEP;
    /** Logits of a query that are computed at once, but at least one row of keys. */
    private static final int RUN = 384;
    /** Keys that are turned at once, so that they stay in the first cache. */
    private static final int TURNED = 32;

    private static final int LANES = Lanes.COUNT;

    private final NeighborhoodTiling tiling;
    private final int planeTile;
    private final int rowTile;
    private final int columnTile;
    final int width;
    final int keys;
    /**
     * Floats from one row to the next of what is turned: an odd number of vectors, so that rows do not share cache
     * sets.
     */
    final int turnedRow;

    // the six queries
    int column;
    int count;
    /** First key column of the six windows, and how many columns they cover. */
    int from;
    int span;
    /** Rows of keys in one run. */
    int rowsAtOnce;
    /** Floats from one query's logits to the next. */
    int stride;

    NeighborhoodBox(NeighborhoodTiling tiling, int tile) {
        this.tiling = tiling;
        planeTile = tiling.planeTile(tile);
        rowTile = tiling.rowTile(tile);
        columnTile = tiling.columnTile(tile);
        width = tiling.columns.box(columnTile);
        keys = tiling.keys(tile);
        turnedRow = turnedRow(keys);
    }

    static int turnedRow(int keys) {
        return (Panels.padded(keys) / LANES + 1 | 1) * LANES;
    }

    /** Floats of logits for six queries, whatever the tile. */
    static int logitsLength(NeighborhoodTiling tiling) {
        return STEP * Panels.padded(Math.max(RUN, tiling.columns.largestBox()));
    }

    int firstPlane() {
        return tiling.planes.first[planeTile];
    }

    int lastPlane() {
        return tiling.planes.last[planeTile];
    }

    int firstRow() {
        return tiling.rows.first[rowTile];
    }

    int lastRow() {
        return tiling.rows.last[rowTile];
    }

    int firstColumn() {
        return tiling.columns.first[columnTile];
    }

    int lastColumn() {
        return tiling.columns.last[columnTile];
    }

    /** Where the key at these places stands in the box. */
    int at(int plane, int row, int column) {
        NeighborhoodAxis rows = tiling.rows;
        return ((plane - tiling.planes.boxLow[planeTile]) * rows.box(rowTile) + row - rows.boxLow[rowTile]) * width
                + column - tiling.columns.boxLow[columnTile];
    }

    /** Copies the box's rows of one head, each padded with zeros to {@code toRow} floats. */
    void read(Rows view, int b, int head, float[] to, int toRow) {
        NeighborhoodAxis planes = tiling.planes;
        NeighborhoodAxis rows = tiling.rows;
        int firstColumn = tiling.columns.boxLow[columnTile];
        int at = 0;
        for (int plane = planes.boxLow[planeTile]; plane < planes.boxHigh[planeTile]; plane++) {
            for (int row = rows.boxLow[rowTile]; row < rows.boxHigh[rowTile]; row++) {
                Panels.read(view.data(), view.offset(b, head, tiling.token(plane, row, firstColumn)),
                        view.rowStride() * tiling.columns.dilation, width, view.width(), to, at, toRow);
                at += width * toRow;
            }
        }
    }

    /** Turns the box's rows (keys, columns) into (columns, keys), padded with zeros to {@link #turnedRow} floats. */
    void turn(float[] from, int fromRow, int columns, float[] to) {
        for (int first = 0; first < keys; first += TURNED) {
            int end = Math.min(keys, first + TURNED);
            for (int j = 0; j < columns; j++) {
                int at = j * turnedRow;
                for (int i = first, p = first * fromRow + j; i < end; i++, p += fromRow) {
                    to[at + i] = from[p];
                }
            }
        }
        for (int j = 0; j < columns; j++) {
            Arrays.fill(to, j * turnedRow + keys, (j + 1) * turnedRow, 0f);
        }
    }

    /**
     * Copies rows of six queries at places (plane, row, {@link #column}...), padded with zeros to {@code toRow} floats.
     */
    void readQueries(Rows view, int b, int head, int plane, int row, float[] to, int toRow) {
        Panels.read(view.data(), view.offset(b, head, tiling.token(plane, row, column)),
                view.rowStride() * tiling.columns.dilation, count, view.width(), to, 0, toRow);
        Arrays.fill(to, count * toRow, STEP * toRow, 0f);
    }

    /** Writes the rows of the queries. */
    void writeQueries(float[] from, int fromRow, Rows view, int b, int head, int plane, int row) {
        Panels.write(from, 0, fromRow, count, view.width(), view.data(),
                view.offset(b, head, tiling.token(plane, row, column)), view.rowStride() * tiling.columns.dilation);
    }

    /**
     * Takes the six queries from place {@code column} on, and fills {@code mask} (six rows of {@link #stride}) with 0
     * where a query sees a key of a run and -infinity where not.
     */
    void take(int column, float[] mask) {
        NeighborhoodAxis columns = tiling.columns;
        this.column = column;
        count = Math.min(STEP, lastColumn() - column);
        from = columns.low[column];
        span = columns.high[column + count - 1] - from;
        rowsAtOnce = span == width ? Math.max(1, RUN / width) : 1;
        rowsAtOnce = Math.min(rowsAtOnce, tiling.rows.box(rowTile));
        stride = Panels.padded(rowsAtOnce * span);
        Arrays.fill(mask, 0, STEP * stride, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < STEP; i++) {
            int query = column + Math.min(i, count - 1);
            for (int row = 0; row < rowsAtOnce; row++) {
                int at = i * stride + row * span - from;
                Arrays.fill(mask, at + columns.low[query], at + columns.high[query], 0f);
            }
        }
    }

    /**
     * The logits before the products: the mask, and the bias where there is one.
     *
     * @param rows  rows of keys in the run
     * @param table a head's relative table in powers of two; null for none
     */
    void start(float[] mask, int rows, float[] table, int plane, int row, int keyPlane, int keyRow, float[] logits) {
        int length = rows * span;
        int end = Panels.padded(length);
        for (int i = 0; i < STEP; i++) {
            int at = i * stride;
            System.arraycopy(mask, at, logits, at, length);
            Arrays.fill(logits, at + length, at + end, Float.NEGATIVE_INFINITY);
        }
        if (table != null) {
            for (int i = 0; i < count; i++) {
                int low = tiling.columns.low[column + i];
                for (int r = 0; r < rows; r++) {
                    System.arraycopy(table, tiling.tableEntry(keyPlane, keyRow + r, low, plane, row, column + i),
                            logits, i * stride + r * span + low - from, tiling.columns.high[column + i] - low);
                }
            }
        }
    }

    /** Adds the gradients of a run's logits to those of a head's relative table, from {@code tableAt}. */
    void addToTable(float[] gradients, int rows, int plane, int row, int keyPlane, int keyRow, float[] table,
            int tableAt) {
        for (int i = 0; i < count; i++) {
            int low = tiling.columns.low[column + i];
            for (int r = 0; r < rows; r++) {
                Panels.add(table, tableAt + tiling.tableEntry(keyPlane, keyRow + r, low, plane, row, column + i),
                        gradients, i * stride + r * span + low - from, tiling.columns.high[column + i] - low);
            }
        }
    }
}
