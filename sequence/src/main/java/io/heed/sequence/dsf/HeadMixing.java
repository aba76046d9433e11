package io.heed.sequence.dsf;

import java.util.Optional;

import org.bytedeco.pytorch.Tensor;

import io.heed.nn.AttentionCall;
import io.heed.nn.Form;
import io.heed.nn.Padding;
import io.heed.sequence.MixerState;

/** What tells the paper's attentions apart: how a query weighs earlier values. */
sealed interface HeadMixing permits SoftmaxHeads, LinearHeads, NormalisedHeads {
    /**
     * What all of them take.
     *
     * @param q (B, H, N, e)
     * @param k (B, H, N, e)
     * @param v (B, H, N, f)
     * @param u (B, N, D), what they were projected from
     */
    record Call(Tensor q, Tensor k, Tensor v, Tensor u) { }

    /** (B, H, N, f). */
    Tensor outputs(Call call, Optional<Padding> padding, Form form);

    /** The same call with its matrix of weights. */
    AttentionCall weights(Call call, Optional<Padding> padding);

    /** An empty state, of the type of {@code like}. */
    MixerState state(long batch, long heads, long width, long valueWidth, Tensor like);

    /** Goes on from {@code state}: (B, H, N, f). No padding, no gradient graph. */
    Tensor extend(Call call, MixerState state);

    /**
     * One head as a linear system driven by its values.
     *
     * @param q      (L, e)
     * @param k      (L, e)
     * @param v      (L, f)
     * @param u      (L, D)
     * @param head   which one
     */
    LinearSystem system(Tensor q, Tensor k, Tensor v, Tensor u, int head);
}
