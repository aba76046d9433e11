package io.heed.sequence.sigmoid;

import java.util.Set;
import java.util.function.UnaryOperator;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.LayerScale;
import io.heed.nn.Norm;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;

/**
 * Sigmoid attention whose output goes through LayerScale or a norm before a backbone adds it: {@link SigmoidBlock}'s
 * first branch, for any backbone. Parameters {@code attn.*} and {@code ls1.*}.
 */
final class SigmoidBranch extends SequenceMixer {
    private static final double GAIN = 1e-4;

    private final SigmoidAttention attention;
    private final UnaryOperator<Tensor> scale;

    SigmoidBranch(SigmoidAttention attention, long width, SigmoidBlockConfig.Branch branch) {
        super("SigmoidBranch");
        this.attention = register_module("attn", attention);
        scale = switch (branch) {
            case IDENTITY -> UnaryOperator.identity();
            case LAYER_SCALE -> register_module("ls1", new LayerScale(width, GAIN))::forward;
            case NORM -> register_module("ls1", new Norm.Layer(width))::forward;
        };
    }

    SigmoidAttention attention() {
        return attention;
    }

    @Override
    public Set<Pattern> patterns() {
        return attention.patterns();
    }

    @Override
    public boolean carriesOrder() {
        return attention.carriesOrder();
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        return scale.apply(attention.forward(x, context));
    }

    @Override
    public MixerState state(long batch) {
        return attention.state(batch);
    }

    @Override
    public MixerState state(long batch, MixerContext context) {
        return attention.state(batch, context);
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            return scale.apply(attention.prefill(x, state));
        }
    }
}
