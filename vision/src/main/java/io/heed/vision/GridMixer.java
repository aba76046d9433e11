package io.heed.vision;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

import io.heed.sequence.MixerContext;

/**
 * The part of a layer that moves information over a grid of tokens: convolution, local or global attention, and
 * everything that stands in their place.
 *
 * <p>A grid mixer promises, and {@code GridMixerContract} in this module's test jar checks:
 * <ul>
 * <li>shapes (B, H, W, D) to (B, H, W, D) for the grid that it was built for; images of a batch do not touch each
 * other;</li>
 * <li>its gradients are those of its outputs;</li>
 * <li>its forms ({@link io.heed.nn.Form}) give the same outputs and gradients;</li>
 * <li>where it does not carry order itself, tokens that change places take their outputs along.</li>
 * </ul>
 * The residual connection and the norm before the mixer are the backbone's. A mixer with parameters or buffers of its
 * own registers them through {@link io.heed.nn.Registration}.
 */
public abstract class GridMixer extends Module {
    /** @param name what the module is called in messages */
    protected GridMixer(String name) {
        super(name);
    }

    /**
     * Whether the mixer tells positions apart by itself (convolution, windows, relative positions). Where it does not,
     * a backbone must add positions.
     */
    public abstract boolean carriesOrder();

    /**
     * Mixes all tokens.
     *
     * @param x       (B, H, W, D)
     * @param context the form to run, who looks on; collects auxiliary losses
     * @return (B, H, W, D)
     */
    public abstract Tensor forward(Tensor x, MixerContext context);

    /** {@link #forward(Tensor, MixerContext)} in the form that fits. */
    public final Tensor forward(Tensor x) {
        return forward(x, MixerContext.plain());
    }
}
