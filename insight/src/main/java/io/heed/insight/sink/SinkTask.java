package io.heed.insight.sink;

import io.heed.data.SequenceBatch;
import io.heed.train.Task;

/** What a {@link SinkModel} is trained on, with sequences to read its attention on. */
interface SinkTask extends Task<SinkModel> {
    /** Sequences that training never sees, the same ones always. */
    SequenceBatch heldOut();

    /** Where a token stands that does not depend on the text; -1 for nowhere. */
    int constant();
}
