package io.heed.sequence.based;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Norm;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.sequence.SequenceMixer;

/**
 * One pre-norm block: r := r + mixer(norm1 r), then r := r + mlp(norm2 r), where mlp is fc2(y * silu(g)) of [y, g] =
 * fc1 r.
 *
 * <p>Parameters {@code mixer.*}, {@code norm1.weight}, {@code mlp.fc1.weight (2 I, D)}, {@code mlp.fc2.weight (D, I)},
 * {@code norm2.weight}.
 */
public final class BasedBlock extends Module {
    /** SwiGLU with the gate in the second half. */
    private static final class GatedMlp extends Module {
        private final LinearImpl fc1;
        private final LinearImpl fc2;

        GatedMlp(long width, long hidden, int layers) {
            super("GatedMlp");
            fc1 = register_module("fc1", Initialisation.linear(width, 2 * hidden, false));
            fc2 = register_module("fc2", Initialisation.residual(hidden, width, false, layers));
        }

        Tensor forward(Tensor x) {
            Tensor both = fc1.forward(x);
            long hidden = both.size(-1) / 2;
            return fc2.forward(both.narrow(-1, 0, hidden).mul(torch.silu(both.narrow(-1, hidden, hidden))));
        }
    }

    private final SequenceMixer mixer;
    private final Norm mixerNorm;
    private final GatedMlp mlp;
    private final Norm mlpNorm;

    /**
     * @param mixer  one of BASED's layers
     * @param width  D
     * @param hidden I
     * @param layers layers of the model, for the initial scale of the last projection
     */
    public BasedBlock(SequenceMixer mixer, long width, long hidden, int layers) {
        super("BasedBlock");
        this.mixer = register_module("mixer", mixer);
        mixerNorm = register_module("norm1", new Norm.Rms(width, BasedStack.EPSILON));
        mlp = register_module("mlp", new GatedMlp(width, hidden, layers));
        mlpNorm = register_module("norm2", new Norm.Rms(width, BasedStack.EPSILON));
    }

    /** The layer that mixes positions. */
    public SequenceMixer mixer() {
        return mixer;
    }

    /** (B, N, D) to (B, N, D). */
    Tensor forward(Tensor x, MixerContext context) {
        return mlp(x.add(mixer.forward(mixerNorm.forward(x), context)));
    }

    /** (B, N, D) to (B, N, D), tokens that continue {@code state}. */
    Tensor prefill(Tensor x, MixerState state) {
        return mlp(x.add(mixer.prefill(mixerNorm.forward(x), state)));
    }

    private Tensor mlp(Tensor x) {
        return x.add(mlp.forward(mlpNorm.forward(x)));
    }
}
