package io.heed.sequence;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Mlp;
import io.heed.nn.Norm;

/**
 * One pre-norm block: x + mixer(norm x), then x + mlp(norm x). Parameters {@code norm1.*}, {@code mixer.*},
 * {@code norm2.*}, {@code mlp.*}; a hidden width of 0 leaves the second half out.
 */
final class Block extends Module {
    private final Norm mixerNorm;
    private final SequenceMixer mixer;
    private final Norm mlpNorm;
    private final Mlp mlp;
    private final double dropout;

    Block(BackboneConfig config, int layer) {
        super("Block");
        dropout = config.dropout();
        mixerNorm = register_module("norm1", norm(config));
        mixer = register_module("mixer", Mixers.build(config.mixers().get(layer % config.mixers().size()),
                config.mixerConfig(layer)));
        mlpNorm = config.hidden() == 0 ? null : register_module("norm2", norm(config));
        mlp = config.hidden() == 0 ? null : register_module("mlp", mlp(config));
    }

    SequenceMixer mixer() {
        return mixer;
    }

    /** (B, N, D) to (B, N, D). */
    Tensor forward(Tensor x, MixerContext context) {
        return mlp(x.add(drop(mixer.forward(mixerNorm.forward(x), context))));
    }

    /** (B, D) to (B, D). */
    Tensor step(Tensor x, MixerState state) {
        return mlp(x.add(mixer.step(mixerNorm.forward(x), state)));
    }

    /** (B, N, D) to (B, N, D). */
    Tensor prefill(Tensor x, MixerState state) {
        return mlp(x.add(mixer.prefill(mixerNorm.forward(x), state)));
    }

    private Tensor mlp(Tensor x) {
        return mlp == null ? x : x.add(drop(mlp.forward(mlpNorm.forward(x))));
    }

    private Tensor drop(Tensor branch) {
        return dropout > 0 && is_training() ? torch.dropout(branch, dropout, true) : branch;
    }

    static Norm norm(BackboneConfig config) {
        return switch (config.norm()) {
            case LAYER_NORM -> new Norm.Layer(config.width());
            case RMS_NORM -> new Norm.Rms(config.width());
        };
    }

    private static Mlp mlp(BackboneConfig config) {
        return switch (config.mlp()) {
            case GELU -> new Mlp.Gelu(config.width(), config.hidden(), config.layers());
            case SWIGLU -> new Mlp.SwiGlu(config.width(), config.hidden(), config.layers());
        };
    }
}
