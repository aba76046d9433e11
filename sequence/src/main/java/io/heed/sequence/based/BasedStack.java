package io.heed.sequence.based;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.Norm;
import io.heed.sequence.BackboneState;
import io.heed.sequence.MixerContext;
import io.heed.sequence.SequenceMixer;

/** Blocks around given layers, and a norm at the end. Parameters {@code layers.{l}.*}, {@code ln_f.weight}. */
public final class BasedStack extends Module {
    /** eps of all norms. */
    static final double EPSILON = 1e-5;

    private final List<BasedBlock> blocks = new ArrayList<>();
    private final Norm norm;

    /**
     * @param mixers the layers, first to last
     * @param width  D
     * @param hidden I, hidden width of the MLPs
     */
    public BasedStack(List<? extends SequenceMixer> mixers, long width, long hidden) {
        super("BasedStack");
        ModuleListImpl list = register_module("layers", new ModuleListImpl());
        for (SequenceMixer mixer : mixers) {
            BasedBlock block = new BasedBlock(mixer, width, hidden, mixers.size());
            list.push_back(block);
            blocks.add(block);
        }
        norm = register_module("ln_f", new Norm.Rms(width, EPSILON));
    }

    /** (B, N, D) to (B, N, D), normalised. */
    public Tensor forward(Tensor x, MixerContext context) {
        Tensor h = x;
        for (BasedBlock block : blocks) {
            h = block.forward(h, context);
        }
        return norm.forward(h);
    }

    /** Empty states of all layers. */
    public BackboneState state(long batch) {
        return new BackboneState(blocks.stream().map(BasedBlock::mixer).toList(), batch);
    }

    /** (B, N, D) to (B, N, D), tokens that continue {@code state}, without a gradient graph. */
    public Tensor prefill(Tensor x, BackboneState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor h = x;
            for (int l = 0; l < blocks.size(); l++) {
                h = blocks.get(l).prefill(h, state.layer(l));
            }
            return norm.forward(h);
        }
    }
}
