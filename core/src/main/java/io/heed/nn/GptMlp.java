package io.heed.nn;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The position-wise half of a block under GPT-2's names: c_proj(gelu(c_fc x)), (..., D) to (..., D).
 *
 * <p>Parameters {@code c_fc.weight (F, D)}, {@code c_proj.weight (D, F)} and biases if asked.
 */
public final class GptMlp extends Module {
    private final LinearImpl in;
    private final LinearImpl out;
    private final String approximation;

    /**
     * @param hidden F
     * @param bias   whether the linear maps have biases
     * @param exact  whether the GELU is the exact one rather than its approximation by tanh
     * @param layers layers of the model, for the initial scale of the last projection
     */
    public GptMlp(long width, long hidden, boolean bias, boolean exact, int layers) {
        super("GptMlp");
        approximation = exact ? "none" : "tanh";
        in = register_module("c_fc", Initialisation.linear(width, hidden, bias));
        out = register_module("c_proj", Initialisation.residual(hidden, width, bias, layers));
    }

    /** Maps every position by itself. */
    public Tensor forward(Tensor x) {
        return out.forward(torch.gelu(in.forward(x), approximation));
    }
}
