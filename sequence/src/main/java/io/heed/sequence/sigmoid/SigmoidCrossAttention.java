package io.heed.sequence.sigmoid;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.KeyPadding;
import io.heed.nn.ComposedAttention;
import io.heed.nn.Form;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Norm;
import io.heed.nn.Padding;
import io.heed.nn.Registration;

/**
 * Sigmoid attention from one sequence to another. Values always go through a LayerNorm per head.
 *
 * <p>Parameters {@code q_proj.* (D, D)}, {@code kv_proj.* (2 D, D)}: key heads, then value heads; {@code q_norm.*},
 * {@code k_norm.*} if asked, {@code v_norm.*} (d); {@code proj.* (D, D)}. Buffers {@code attn_bias (1)},
 * {@code attn_temp (1)}.
 */
public final class SigmoidCrossAttention extends Module {
    private final SigmoidConfig config;
    private final LinearImpl queryProjection;
    private final LinearImpl keyValueProjection;
    private final Norm queryNorm;
    private final Norm keyNorm;
    private final Norm valueNorm;
    private final LinearImpl proj;
    private final SigmoidHeads core;

    /** @throws IllegalArgumentException for grouped heads, which this module does not have */
    public SigmoidCrossAttention(SigmoidConfig config) {
        super("SigmoidCrossAttention");
        if (config.keyValueHeads() != config.heads()) {
            throw new IllegalArgumentException("cross-attention has no grouped heads: key/value heads must be "
                    + config.heads() + ", got " + config.keyValueHeads());
        }
        this.config = config;
        long width = config.width();
        core = new SigmoidHeads(config,
                Registration.buffer(this, "attn_bias", torch.full(new long[] {1}, new Scalar(config.bias()))),
                Registration.buffer(this, "attn_temp", torch.full(new long[] {1}, new Scalar(config.temperature()))));
        queryProjection = register_module("q_proj", Initialisation.linear(width, width, config.linearBias()));
        keyValueProjection = register_module("kv_proj", Initialisation.linear(width, 2 * width, config.linearBias()));
        queryNorm = config.queryKeyNorm() ? register_module("q_norm", norm(config)) : null;
        keyNorm = config.queryKeyNorm() ? register_module("k_norm", norm(config)) : null;
        valueNorm = register_module("v_norm", norm(config));
        proj = register_module("proj", Initialisation.linear(width, width, config.linearBias()));
    }

    private static Norm norm(SigmoidConfig config) {
        return new Norm.Layer(config.headWidth(), config.epsilon());
    }

    /**
     * (B, Nq, D) and a memory (B, Nk, D) to (B, Nq, D).
     *
     * @param padding padded positions of the memory, or null for none
     */
    public Tensor forward(Tensor x, Tensor memory, Padding padding, Form form) {
        Tensor[] heads = heads(x, memory);
        return proj.forward(Heads.merge(core.attend(heads[0], heads[1], heads[2], spec(memory, padding), 0, form,
                is_training())));
    }

    /** The same step by step, by the composed form, dropout off. */
    public SigmoidTrace trace(Tensor x, Tensor memory, Padding padding) {
        Tensor[] heads = heads(x, memory);
        Tensor matrix = core.matrix(heads[0], heads[1], spec(memory, padding), 0);
        Tensor timesValues = Heads.merge(ComposedAttention.apply(matrix, heads[2]));
        return new SigmoidTrace(matrix, timesValues, proj.forward(timesValues));
    }

    private AttentionSpec spec(Tensor memory, Padding padding) {
        return core.spec(0, memory.size(1), padding == null ? KeyPadding.none() : padding.keys(), true);
    }

    private Tensor[] heads(Tensor x, Tensor memory) {
        Tensor q = Heads.split(queryProjection.forward(x), config.heads());
        Tensor both = keyValueProjection.forward(memory);
        Tensor k = Heads.split(both.narrow(-1, 0, config.width()), config.heads());
        Tensor v = Heads.split(both.narrow(-1, config.width(), config.width()), config.heads());
        return new Tensor[] {core.turn(queryNorm == null ? q : queryNorm.forward(q), 0),
            core.turn(keyNorm == null ? k : keyNorm.forward(k), 0), valueNorm.forward(v)};
    }
}
