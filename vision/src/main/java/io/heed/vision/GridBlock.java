package io.heed.vision;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.LayerScale;
import io.heed.nn.Mlp;
import io.heed.nn.Norm;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerSpec;

/**
 * One pre-norm block on a grid: x + mixer(norm x), then x + mlp(norm x), each branch scaled per channel if asked and
 * left out for some images in training. Parameters {@code norm1.*}, {@code attn.*}, {@code scale1.gamma},
 * {@code norm2.*}, {@code mlp.*}, {@code scale2.gamma}; a hidden width of 0 leaves the second half out.
 */
final class GridBlock extends Module {
    private final Norm mixerNorm;
    private final GridMixer mixer;
    private final LayerScale mixerScale;
    private final Norm mlpNorm;
    private final Mlp mlp;
    private final LayerScale mlpScale;
    private final double dropout;
    private final double skipped;

    /**
     * @param spec   its mixer
     * @param config where it stands
     * @param hidden hidden width of the MLP
     * @param rates  dropout, stochastic depth and layer scale
     */
    GridBlock(MixerSpec spec, GridConfig config, long hidden, Regularisation rates) {
        super("GridBlock");
        dropout = rates.dropout();
        skipped = StochasticDepth.at(rates.stochasticDepth(), config.layer(), config.layers());
        mixerNorm = register_module("norm1", new Norm.Layer(config.width()));
        mixer = register_module("attn", GridMixers.build(spec, config));
        mixerScale = scale("scale1", config.width(), rates);
        mlpNorm = hidden == 0 ? null : register_module("norm2", new Norm.Layer(config.width()));
        mlp = hidden == 0 ? null : register_module("mlp", new Mlp.Gelu(config.width(), hidden, config.layers()));
        if (mlp != null) {
            Initialisation.fanIn(mlp);
        }
        mlpScale = hidden == 0 ? null : scale("scale2", config.width(), rates);
    }

    private LayerScale scale(String name, long width, Regularisation rates) {
        return rates.layerScale() == 0 ? null : register_module(name, new LayerScale(width, rates.layerScale()));
    }

    GridMixer mixer() {
        return mixer;
    }

    /** (B, H, W, D) to (B, H, W, D). */
    Tensor forward(Tensor x, MixerContext context) {
        Tensor y = x.add(branch(mixer.forward(mixerNorm.forward(x), context), mixerScale));
        return mlp == null ? y : y.add(branch(mlp.forward(mlpNorm.forward(y)), mlpScale));
    }

    private Tensor branch(Tensor x, LayerScale scale) {
        Tensor y = scale == null ? x : scale.forward(x);
        if (!is_training()) {
            return y;
        }
        y = dropout > 0 ? torch.dropout(y, dropout, true) : y;
        return skipped > 0 ? StochasticDepth.drop(y, skipped) : y;
    }
}
