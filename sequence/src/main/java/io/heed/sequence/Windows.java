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
        long slack = available - count; // sequences left out, shared out between the runs
        List<Run> runs = new ArrayList<>();
        for (int piece = 0, read = 0; piece < pieces; piece++) {
            int rows = Math.min(batch, count - read);
            runs.add(new Run(read + (pieces == 1 ? 0 : slack * piece / (pieces - 1)), rows));
            read += rows;
        }
        return new Windows(List.copyOf(runs), count);
    }
}
