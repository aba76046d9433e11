package io.heed.sequence;

import java.util.Set;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The part of a layer that moves information between positions: attention and everything that stands in its place.
 *
 * <p>A mixer promises, and {@code MixerContract} in this module's test jar checks:
 * <ul>
 * <li>shapes (B, N, D) to (B, N, D) for any N from 1; sequences of a batch do not touch each other;</li>
 * <li>a causal pattern: the output at position i does not depend on inputs after i;</li>
 * <li>padded keys never change the output at a real position;</li>
 * <li>for a causal mixer, {@link #forward} over N tokens, N calls of {@link #step}, and {@link #prefill} over some of
 * them
 *     followed by steps give the same outputs;</li>
 * <li>its forms ({@link io.heed.nn.Form}) give the same outputs and gradients.</li>
 * </ul>
 * The residual connection and the norm before the mixer are the backbone's. A mixer with parameters or buffers of its
 * own registers them through {@link io.heed.nn.Registration}, never by keeping what {@code register_parameter} returns.
 */
public abstract class SequenceMixer extends Module {
    /** @param name what the module is called in messages */
    protected SequenceMixer(String name) {
        super(name);
    }

    /** The patterns that this mixer, as configured, serves. */
    public abstract Set<Pattern> patterns();

    /**
     * Whether the mixer tells positions apart by itself (rotary, decay, convolution). Where it does not, the backbone
     * adds positions to the embedding.
     */
    public abstract boolean carriesOrder();

    /**
     * Mixes all positions at once.
     *
     * @param x       (B, N, D)
     * @param context padding, memory and form; collects auxiliary losses
     * @return (B, N, D)
     */
    public abstract Tensor forward(Tensor x, MixerContext context);

    /** {@link #forward(Tensor, MixerContext)} without padding or memory. */
    public final Tensor forward(Tensor x) {
        return forward(x, MixerContext.plain());
    }

    /**
     * An empty state for decoding {@code batch} sequences side by side.
     *
     * @throws UnsupportedOperationException when the mixer is not causal
     */
    public abstract MixerState state(long batch);

    /**
     * A state for decoding against the memory of {@code context} ({@link Pattern#CAUSAL_CROSS}): what is needed of the
     * memory is computed once, here. Without a memory the same as {@link #state(long)}.
     *
     * @throws UnsupportedOperationException when there is a memory and the mixer has no cross pattern
     */
    public MixerState state(long batch, MixerContext context) {
        if (context.memory().isPresent()) {
            throw new UnsupportedOperationException(name().getString() + " does not attend to a memory step by step");
        }
        return state(batch);
    }

    /**
     * Mixes one more token of each sequence. Builds no gradient graph.
     *
     * @param x     (B, D), the token at position {@link MixerState#position()}
     * @param state made by {@link #state} of this mixer, moved on by one token
     * @return (B, D)
     */
    public abstract Tensor step(Tensor x, MixerState state);

    /**
     * Mixes a run of tokens that continue {@code state}: a prompt, or a chunk of one. The same as stepping through
     * them, which this does; a mixer that has a faster way overrides it. Builds no gradient graph.
     *
     * @param x     (B, N, D), no padding
     * @param state moved on by N tokens
     * @return (B, N, D)
     */
    public Tensor prefill(Tensor x, MixerState state) {
        TensorVector outputs = new TensorVector();
        for (long t = 0; t < x.size(1); t++) {
            outputs.push_back(step(x.select(1, t), state));
        }
        return torch.stack(outputs, 1);
    }
}
