package io.heed.nn;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** The position-wise half of a block: (..., D) to (..., D) through a hidden width F. */
public abstract sealed class Mlp extends Module permits Mlp.Gelu, Mlp.SwiGlu {
    private Mlp(String name) {
        super(name);
    }

    /** Maps every position by itself. */
    public abstract Tensor forward(Tensor x);

    /**
     * fc2(gelu(fc1 x)) with the exact GELU. Parameters {@code fc1.weight (F,D)}, {@code fc2.weight (D,F)} and biases.
     */
    public static final class Gelu extends Mlp {
        private final LinearImpl fc1;
        private final LinearImpl fc2;

        /** @param layers layers of the model, for the initial scale of the last projection */
        public Gelu(long width, long hidden, int layers) {
            super("GeluMlp");
            fc1 = register_module("fc1", Initialisation.linear(width, hidden, true));
            fc2 = register_module("fc2", Initialisation.residual(hidden, width, true, layers));
        }

        @Override
        public Tensor forward(Tensor x) {
            return fc2.forward(torch.gelu(fc1.forward(x)));
        }
    }

    /**
     * down(silu(gate x) * up x). Parameters {@code gate_proj.weight}, {@code up_proj.weight (F,D)},
     * {@code down_proj.weight (D,F)}, no biases.
     */
    public static final class SwiGlu extends Mlp {
        private final LinearImpl gate;
        private final LinearImpl up;
        private final LinearImpl down;

        /** @param layers layers of the model, for the initial scale of the last projection */
        public SwiGlu(long width, long hidden, int layers) {
            super("SwiGluMlp");
            gate = register_module("gate_proj", Initialisation.linear(width, hidden, false));
            up = register_module("up_proj", Initialisation.linear(width, hidden, false));
            down = register_module("down_proj", Initialisation.residual(hidden, width, false, layers));
        }

        @Override
        public Tensor forward(Tensor x) {
            return down.forward(torch.silu(gate.forward(x)).mul(up.forward(x)));
        }
    }
}
