package io.heed.kernels;

/**
 * A grid of up to three axes cut into tiles of queries: planes, rows and columns, absent axes having one position. A
 * tile is a box of queries, six columns wide (as many as a register block has rows) so that its keys, a box that is
 * only K - 1 columns wider, are nearly all wanted; where there is one row of keys it is wider, and each six queries
 * take their part of it.
 */
final class NeighborhoodTiling {
    static final int STEP = Matrix.ROWS;

    private static final int ROWS_OF_TWO_AXES = 32;
    private static final int ROWS_OF_THREE_AXES = 8;
    private static final int PLANES = 8;
    private static final int STEPS_OF_ONE_AXIS = 16;

    final NeighborhoodSpec spec;
    final NeighborhoodAxis planes;
    final NeighborhoodAxis rows;
    final NeighborhoodAxis columns;
    /** Kernel sizes of planes, rows and columns. */
    final int[] kernel = {1, 1, 1};

    NeighborhoodTiling(NeighborhoodSpec spec) {
        this.spec = spec;
        int rank = spec.rank();
        boolean oneRow = rank == 1 || rank == 2 && spec.kernel()[0] == 1 || rank == 3 && spec.kernel()[0] == 1
                && spec.kernel()[1] == 1;
        columns = new NeighborhoodAxis(spec, rank - 1, oneRow ? STEPS_OF_ONE_AXIS * STEP : STEP, false);
        rows = rank < 2 ? NeighborhoodAxis.single()
                : new NeighborhoodAxis(spec, rank - 2, rank == 2 ? ROWS_OF_TWO_AXES : ROWS_OF_THREE_AXES, true);
        planes = rank < 3 ? NeighborhoodAxis.single() : new NeighborhoodAxis(spec, 0, PLANES, true);
        System.arraycopy(spec.kernel(), 0, kernel, NeighborhoodSpec.MAX_RANK - rank, rank);
    }

    int tiles() {
        return planes.tiles * rows.tiles * columns.tiles;
    }

    int planeTile(int tile) {
        return tile / (rows.tiles * columns.tiles);
    }

    int rowTile(int tile) {
        return tile / columns.tiles % rows.tiles;
    }

    int columnTile(int tile) {
        return tile % columns.tiles;
    }

    /** Keys in the box of a tile. */
    int keys(int tile) {
        return planes.box(planeTile(tile)) * rows.box(rowTile(tile)) * columns.box(columnTile(tile));
    }

    /** Keys in the largest box. */
    int largestBox() {
        return Math.multiplyExact(Math.multiplyExact(planes.largestBox(), rows.largestBox()), columns.largestBox());
    }

    /** The token of a place. */
    int token(int plane, int row, int column) {
        return (planes.position[plane] * rows.length + rows.position[row]) * columns.length + columns.position[column];
    }

    /** Where the entry of the key at these places, for the query at those, lies in a head's relative table. */
    int tableEntry(int plane, int row, int column, int queryPlane, int queryRow, int queryColumn) {
        int z = plane - queryPlane + kernel[0] - 1;
        int y = row - queryRow + kernel[1] - 1;
        return (z * (2 * kernel[1] - 1) + y) * (2 * kernel[2] - 1) + column - queryColumn + kernel[2] - 1;
    }
}
