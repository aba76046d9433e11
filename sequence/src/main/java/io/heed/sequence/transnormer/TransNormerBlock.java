package io.heed.sequence.transnormer;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;

/**
 * x + mixer(norm(x)), then x + sglu(norm(x)); the norms have no parameters. Parameters {@code token_mixer.*},
 * {@code channel_mixer.*}.
 */
final class TransNormerBlock extends Module {
    private final NormLinearAttention tokenMixer;
    private final Sglu channelMixer;
    private final ChannelNorm norm;
    private final double epsilon;

    /** @param hidden hidden width of the channel mixer */
    TransNormerBlock(NormLinearConfig config, long hidden) {
        super("TransNormerBlock");
        norm = config.norm();
        epsilon = config.epsilon();
        tokenMixer = register_module("token_mixer", new NormLinearAttention(config));
        channelMixer = register_module("channel_mixer",
                new Sglu(config.width(), hidden, config.bias(), config.layers()));
    }

    NormLinearAttention tokenMixer() {
        return tokenMixer;
    }

    /** (B, N, D) to (B, N, D). */
    Tensor forward(Tensor x, MixerContext context) {
        return mixChannels(x.add(tokenMixer.forward(norm.apply(x, epsilon), context)));
    }

    /** A run of tokens that continue {@code state}: (B, N, D) to (B, N, D). */
    Tensor prefill(Tensor x, MixerState state) {
        return mixChannels(x.add(tokenMixer.prefill(norm.apply(x, epsilon), state)));
    }

    private Tensor mixChannels(Tensor x) {
        return x.add(channelMixer.forward(norm.apply(x, epsilon)));
    }
}
