package io.heed.sequence.dsf;

import java.util.EnumSet;
import java.util.Set;
import java.util.function.Function;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.Initialisation;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;

/**
 * Softmax, linear or normalised attention as the paper compares them, with queries and keys of a width of their own:
 * the state expansion n of a head is d_qk / H for the latter two.
 *
 * <p>Parameters {@code Wqk.weight (2 d_qk, D)}, {@code Wv.weight (D, D)}, {@code out_proj.weight (D, D)}, their biases,
 * and for normalised attention {@code Wn.weight (H, D)} and bias.
 */
final class DynamicAttention extends SequenceMixer implements Realisable {
    private final AttentionCore core;
    private final LinearImpl out;

    private DynamicAttention(String name, AttentionSizes sizes, int layers, Function<Module, HeadMixing> mixing) {
        super(name);
        core = new AttentionCore(this, sizes, mixing.apply(this));
        out = register_module("out_proj", Initialisation.residual(sizes.width(), sizes.width(), true, layers));
    }

    static DynamicAttention softmax(AttentionSizes sizes, int layers) {
        return new DynamicAttention("softmax", sizes, layers, _ -> new SoftmaxHeads());
    }

    static DynamicAttention linear(AttentionSizes sizes, int layers, FeatureMap feature) {
        return new DynamicAttention("linear-attention", sizes, layers, _ -> new LinearHeads(feature));
    }

    static DynamicAttention normalised(AttentionSizes sizes, int layers, Normaliser normaliser) {
        return new DynamicAttention("normalised-attention", sizes, layers,
                owner -> new NormalisedHeads(owner, sizes.width(), sizes.heads(), sizes.bias(), normaliser));
    }

    /**
     * Sizes for a backbone; the option {@code qk-width} is the width of all queries, and of all keys, together.
     *
     * @throws IllegalArgumentException for a configuration that is not causal or has grouped heads
     */
    static AttentionSizes sizes(MixerConfig config, String id) {
        requireCausal(config, id);
        if (config.keyValueHeads() != config.heads()) {
            throw new IllegalArgumentException(id + " has no grouped heads: key/value heads must be " + config.heads()
                    + ", got " + config.keyValueHeads());
        }
        int qkWidth = MixerOptions.of(config).integer("qk-width", 0);
        return new AttentionSizes(config.width(), qkWidth == 0 ? config.width() : qkWidth, config.heads(), true,
                config.dropout());
    }

    /** @throws IllegalArgumentException for a configuration that is not causal */
    static void requireCausal(MixerConfig config, String id) {
        if (!config.causal()) {
            throw new IllegalArgumentException(id + " is a system that runs forward in time: it is causal only");
        }
    }

    /** @throws UnsupportedOperationException when there is a memory */
    static void refuseMemory(MixerContext context, SequenceMixer mixer) {
        if (context.memory().isPresent()) {
            throw new UnsupportedOperationException(mixer.name().getString() + " reads its own sequence, not a memory");
        }
    }

    @Override
    public Set<Pattern> patterns() {
        return EnumSet.of(Pattern.CAUSAL_SELF);
    }

    /** The order of earlier tokens makes no difference. */
    @Override
    public boolean carriesOrder() {
        return false;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        refuseMemory(context, this);
        return out.forward(core.forward(x, context));
    }

    @Override
    public MixerState state(long batch) {
        return core.state(batch);
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            return out.forward(core.extend(x, state));
        }
    }

    /** Softmax attention's tensor powers are cut off at the order where they would pass 2048 features a head. */
    @Override
    public LinearSystem system(Tensor x) {
        return core.system(x).through(out.weight(), out.bias());
    }
}
