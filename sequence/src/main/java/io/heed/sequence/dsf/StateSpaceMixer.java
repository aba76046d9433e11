package io.heed.sequence.dsf;

import java.util.EnumSet;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
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
 * S6 or SSD as a mixer of its own: a selective state space and a projection, without Mamba's convolution and gate.
 *
 * <p>Parameters of {@link SelectiveCore} and {@code out_proj.weight (D, D)}.
 */
final class StateSpaceMixer extends SequenceMixer implements Realisable {
    private final SelectiveCore core;
    private final LinearImpl out;

    /**
     * @param width  D
     * @param states n
     * @param rank   width of the step size's bottleneck; SSD's is 1
     */
    StateSpaceMixer(long width, long states, long rank, SelectiveCore.Rates rates, int layers) {
        super(rates == SelectiveCore.Rates.ONE ? "ssd" : "s6");
        core = new SelectiveCore(this, width, states, rank, rates);
        out = register_module("out_proj", Initialisation.residual(width, width, false, layers));
    }

    static StateSpaceMixer s6(MixerConfig config) {
        DynamicAttention.requireCausal(config, "s6");
        MixerOptions options = MixerOptions.of(config);
        int rank = options.integer("dt-rank", 0);
        return new StateSpaceMixer(config.width(), options.integer("states", 16),
                rank == 0 ? SelectiveCore.standardRank(config.width()) : rank, SelectiveCore.Rates.EVERY_STATE,
                        config.layers());
    }

    static StateSpaceMixer ssd(MixerConfig config) {
        DynamicAttention.requireCausal(config, "ssd");
        return new StateSpaceMixer(config.width(), MixerOptions.of(config).integer("states", 16), 1,
                SelectiveCore.Rates.ONE,
                config.layers());
    }

    @Override
    public Set<Pattern> patterns() {
        return EnumSet.of(Pattern.CAUSAL_SELF);
    }

    /** What was written longer ago is forgotten more. */
    @Override
    public boolean carriesOrder() {
        return true;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        DynamicAttention.refuseMemory(context, this);
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

    @Override
    public LinearSystem system(Tensor x) {
        return core.system(x).through(out.weight(), null);
    }
}
