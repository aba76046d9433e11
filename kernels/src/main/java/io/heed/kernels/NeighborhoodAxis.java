package io.heed.kernels;

/**
 * One axis of a grid, sorted by dilation group: place i holds position {@link #position}[i], a group's places lie side
 * by side, and so every window is a run of places. Queries are cut into tiles that keep to one group; the keys that a
 * tile's windows cover are a run of places too, its box.
 */
final class NeighborhoodAxis {
    final int length;
    final int dilation;
    final int[] position;
    /** Window of the query at each place: places [low, high). */
    final int[] low;
    final int[] high;
    final int tiles;
    /** Queries of tile t: places [first[t], first[t + 1]), but a new group starts a new tile. */
    final int[] first;
    final int[] last;
    /** Keys of tile t: places [boxLow[t], boxHigh[t]). */
    final int[] boxLow;
    final int[] boxHigh;

    /**
     * @param tile queries of a tile at the most
     * @param even whether a group's tiles are made equally long, rather than full but for the last
     */
    NeighborhoodAxis(NeighborhoodSpec spec, int axis, int tile, boolean even) {
        length = spec.sizes()[axis];
        dilation = spec.dilation()[axis];
        position = new int[length];
        low = new int[length];
        high = new int[length];
        int count = 0;
        for (int group = 0; group < dilation; group++) {
            count += AttentionShape.ceilDiv(members(group), tile);
        }
        tiles = count;
        first = new int[tiles];
        last = new int[tiles];
        boxLow = new int[tiles];
        boxHigh = new int[tiles];
        int place = 0;
        int t = 0;
        for (int group = 0; group < dilation; group++) {
            int n = members(group);
            for (int x = 0; x < n; x++) {
                position[place + x] = group + x * dilation;
                low[place + x] = place + spec.start(axis, x, n);
                high[place + x] = place + spec.end(axis, x, n);
            }
            int pieces = AttentionShape.ceilDiv(n, tile);
            for (int piece = 0; piece < pieces; piece++, t++) {
                first[t] = place + (even ? (int) ((long) piece * n / pieces) : piece * tile);
                last[t] = place + (even ? (int) ((piece + 1L) * n / pieces) : Math.min(n, (piece + 1) * tile));
                boxLow[t] = low[first[t]];
                boxHigh[t] = high[last[t] - 1];
            }
            place += n;
        }
    }

    /** An axis of one position, for grids of fewer axes. */
    static NeighborhoodAxis single() {
        return new NeighborhoodAxis(NeighborhoodSpec.of(new int[] {1}, 1), 0, 1, true);
    }

    private int members(int group) {
        return group >= length ? 0 : AttentionShape.ceilDiv(length - group, dilation);
    }

    /** Keys in the box of a tile. */
    int box(int tile) {
        return boxHigh[tile] - boxLow[tile];
    }

    /** Keys in the largest box. */
    int largestBox() {
        int largest = 0;
        for (int t = 0; t < tiles; t++) {
            largest = Math.max(largest, box(t));
        }
        return largest;
    }
}
