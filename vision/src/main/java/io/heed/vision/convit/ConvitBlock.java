package io.heed.vision.convit;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.Mlp;
import io.heed.nn.Norm;
import io.heed.sequence.MixerContext;
import io.heed.vision.StochasticDepth;

/**
 * x + attention(norm x), then x + mlp(norm x), the attention gated and positional in local blocks, plain in others.
 * Parameters {@code norm1.*}, {@code attn.*}, {@code norm2.*}, {@code mlp.fc1.*}, {@code mlp.fc2.*}.
 */
final class ConvitBlock extends Module {
    private final Norm norm1;
    private final GatedPositionalAttention local;
    private final SelfAttention plain;
    private final Norm norm2;
    private final Mlp mlp;
    private final double skipped;

    /**
     * @param isLocal whether the attention is gated and positional
     * @param skipped probability of leaving a branch out for an image in training
     */
    ConvitBlock(ConvitConfig config, boolean isLocal, double skipped) {
        super("ConvitBlock");
        this.skipped = skipped;
        norm1 = register_module("norm1", new Norm.Layer(config.width(), config.epsilon()));
        local = !isLocal ? null : register_module("attn", new GatedPositionalAttention(config.width(), config.heads(),
                config.bias(), new GatedPositionalAttention.Start(config.localStart(), config.strength()), 0));
        plain = isLocal ? null : register_module("attn", new SelfAttention(config.width(), config.heads(),
                config.bias()));
        norm2 = register_module("norm2", new Norm.Layer(config.width(), config.epsilon()));
        mlp = register_module("mlp", new Mlp.Gelu(config.width(), Math.round(config.mlpRatio() * config.width()), 1));
    }

    /** The gated attention of a local block, else null. */
    GatedPositionalAttention local() {
        return local;
    }

    /** What the attention sees of {@code x}. */
    Tensor normalised(Tensor x) {
        return norm1.forward(x);
    }

    /**
     * (B, N, D) to (B, N, D).
     *
     * @param side tokens along one side of the grid, for local blocks, whose tokens are all on it
     */
    Tensor forward(Tensor x, long side, MixerContext context) {
        Tensor normed = norm1.forward(x);
        Tensor mixed = local == null ? plain.forward(normed, context)
                : local.forward(normed.unflatten(1, side, side), context).flatten(1, 2);
        Tensor y = x.add(drop(mixed));
        return y.add(drop(mlp.forward(norm2.forward(y))));
    }

    private Tensor drop(Tensor branch) {
        return skipped > 0 && is_training() ? StochasticDepth.drop(branch, skipped) : branch;
    }
}
