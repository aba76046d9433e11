package io.heed.sequence.dsf;

import org.bytedeco.pytorch.Tensor;

import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;

/** What mixes tokens inside a mixer, between its projections: a state space or an attention on its channels. */
interface RecurrentCore {
    /** (B, N, E) to (B, N, E). */
    Tensor forward(Tensor u, MixerContext context);

    /** An empty state, which counts the tokens. */
    MixerState state(long batch);

    /** Goes on from {@code state}, (B, N, E) to (B, N, E), without a gradient graph. */
    Tensor extend(Tensor u, MixerState state);

    /** The system from u (L, E) to the outputs (L, E). */
    LinearSystem system(Tensor u);
}
