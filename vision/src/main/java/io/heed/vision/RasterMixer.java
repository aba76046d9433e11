package io.heed.vision;

import org.bytedeco.pytorch.Tensor;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerKind;
import io.heed.sequence.SequenceMixer;

/**
 * A sequence mixer on a grid: it reads the tokens row by row, as one sequence that is not causal. Parameters
 * {@code mixer.*}.
 */
public final class RasterMixer extends GridMixer {
    private final SequenceMixer mixer;

    /**
     * Builds the sequence mixer.
     *
     * @throws IllegalArgumentException when relative positions are asked for, which a sequence mixer has no table for
     */
    public RasterMixer(MixerKind kind, GridConfig config) {
        super("RasterMixer");
        if (config.relative()) {
            throw new IllegalArgumentException("mixer " + kind.id()
                    + " reads the grid as a sequence and has no relative positions"
                    + " of a grid; use learned positions");
        }
        mixer = register_module("mixer", kind.build(new MixerConfig(config.width(), config.heads(), config.heads(),
                config.layer(), config.layers(), config.tokens(), false, config.dropout(), config.options())));
    }

    @Override
    public boolean carriesOrder() {
        return mixer.carriesOrder();
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        Tensor tokens = x.flatten(1, 2);                         // (B, H W, D)
        return mixer.forward(tokens, context).view_as(x);
    }
}
