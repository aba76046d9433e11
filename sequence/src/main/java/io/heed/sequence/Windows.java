package io.heed.sequence;

import java.util.ArrayList;
import java.util.List;

import io.heed.data.SequenceData;
import io.heed.data.Split;

/**
 * Which evaluation sequences to read, in runs that fit a batch.
 *
 * @param runs  the runs, in order
 * @param count sequences in all
 */
record Windows(List<Run> runs, int count) {
    /** {@code rows} sequences from number {@code first}. */
    record Run(long first, int rows) { }

    /** About {@code wanted} sequences of {@code split} in runs of at most {@code batch}, spread evenly over it. */
    static Windows spread(SequenceData data, Split split, int wanted, int batch) {
        long available = data.windows(split);
        int count = (int) Math.min(wanted, available);
        int pieces = (count + batch - 1) / batch;
        List<Run> runs = new ArrayList<>();
        int left = count;
        for (int piece = 0; piece < pieces; piece++) {
            int rows = Math.min(batch, left);
            runs.add(new Run(Math.min(piece * available / pieces, available - rows), rows));
            left -= rows;
        }
        return new Windows(List.copyOf(runs), count);
    }
}
