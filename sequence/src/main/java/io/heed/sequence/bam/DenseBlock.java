package io.heed.sequence.bam;

import java.util.List;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.nn.ComposedAttention;
import io.heed.nn.FusedAttention;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Registration;
import io.heed.nn.Rotary;
import io.heed.sequence.MixerContext;

/**
 * The dense parallel block that specialists are made of: y = x + Attn(h) + FFN(h), h = norm(x).
 *
 * <p>Parameters {@code norm.weight (D)}, {@code attn.{q,k,v,o}_proj.weight}, {@code ffn.{gate,up,down}_proj.weight}.
 */
final class DenseBlock extends Module {
    private final SoftMixtureConfig config;
    private final double epsilon;
    private final Rotary rotary;
    private final Tensor norm;
    private final List<LinearImpl> attention;
    private final List<LinearImpl> ffn;

    /** @param config its attention, of one expert */
    DenseBlock(SoftMixtureConfig config, long hidden, double epsilon) {
        super("DenseBlock");
        this.config = config;
        this.epsilon = epsilon;
        rotary = config.rotary() ? new Rotary(config.headWidth()) : null;
        long width = config.width();
        long queries = config.heads() * config.headWidth();
        long keys = config.keyValueHeads() * config.headWidth();
        norm = Registration.parameter(register_module("norm", Registration.group()), "weight", torch.ones(width));
        Module attn = register_module("attn", Registration.group());
        attention = List.of(attn.register_module("q_proj", Initialisation.linear(width, queries, false)),
                attn.register_module("k_proj", Initialisation.linear(width, keys, false)),
                attn.register_module("v_proj", Initialisation.linear(width, keys, false)),
                attn.register_module("o_proj", Initialisation.linear(queries, width, false)));
        Module mlp = register_module("ffn", Registration.group());
        ffn = List.of(mlp.register_module("gate_proj", Initialisation.linear(width, hidden, false)),
                mlp.register_module("up_proj", Initialisation.linear(width, hidden, false)),
                mlp.register_module("down_proj", Initialisation.linear(hidden, width, false)));
    }

    /** norm.weight. */
    Tensor norm() {
        return norm;
    }

    /** The projections q, k, v, o. */
    Tensor attention(int which) {
        return attention.get(which).weight();
    }

    /** The MLP. */
    FfnWeights ffn() {
        return new FfnWeights(ffn.get(0).weight(), ffn.get(1).weight(), ffn.get(2).weight());
    }

    /** x (B, N, D) to (B, N, D). */
    Tensor forward(Tensor x, MixerContext context) {
        Tensor h = BamBlock.normalised(x, norm, epsilon);
        Tensor q = turn(Heads.split(attention.get(0).forward(h), config.heads()));
        Tensor k = turn(Heads.split(attention.get(1).forward(h), config.keyValueHeads()));
        Tensor v = Heads.split(attention.get(2).forward(h), config.keyValueHeads());
        AttentionSpec spec = config.causal() ? AttentionSpec.softmax().withMask(Mask.causal())
                : AttentionSpec.softmax();
        Tensor heads = context.form().isFused(x) ? FusedAttention.apply(q, k, v, spec)
                : ComposedAttention.apply(q, k, v, spec);
        return x.add(attention.get(3).forward(Heads.merge(heads))).add(ffn().apply(h));
    }

    private Tensor turn(Tensor heads) {
        return rotary == null ? heads : rotary.apply(heads, 0);
    }
}
