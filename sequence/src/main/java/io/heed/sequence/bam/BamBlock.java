package io.heed.sequence.bam;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Registration;
import io.heed.nn.TopKRouting;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.tensor.Ops;

/**
 * A parallel block of attention experts and MLP experts; see the package for the equations.
 *
 * <p>Parameters {@code norm.weight (D)}, {@code attn.*}, {@code attn_router.weight} (see {@link SoftMixture}),
 * {@code ffn.e.gate_proj.weight}, {@code ffn.e.up_proj.weight (M, D)}, {@code ffn.e.down_proj.weight (D, M)},
 * {@code ffn_router.weight (E, D)}.
 */
public final class BamBlock extends Module {
    /** Weights of the auxiliary losses. */
    private static final double BALANCE = 0.01;
    private static final double Z = 0.001;

    private final BamConfig config;
    private final Tensor norm;
    private final SoftMixture attention;
    private final List<List<LinearImpl>> ffn = new ArrayList<>();
    private final LinearImpl router;

    /** Builds it with fresh weights. */
    public BamBlock(BamConfig config) {
        super("BamBlock");
        this.config = config;
        long width = config.attention().width();
        norm = Registration.parameter(register_module("norm", Registration.group()), "weight", torch.ones(width));
        attention = new SoftMixture(config.attention(), this);
        Module list = register_module("ffn", Registration.group());
        for (int e = 0; e < config.experts(); e++) {
            Module expert = list.register_module(Integer.toString(e), Registration.group());
            ffn.add(List.of(
                    expert.register_module("gate_proj", Initialisation.linear(width, config.hidden(), false)),
                    expert.register_module("up_proj", Initialisation.linear(width, config.hidden(), false)),
                    expert.register_module("down_proj", Initialisation.linear(config.hidden(), width, false))));
        }
        router = register_module("ffn_router", Initialisation.linear(width, config.experts(), false));
    }

    /**
     * What a block gives.
     *
     * @param out     (B, N, D)
     * @param routing of the B N tokens to MLPs
     */
    public record Trace(Tensor out, TopKRouting routing) { }

    /** What it was built from. */
    BamConfig config() {
        return config;
    }

    /** The module's own weights. */
    BamWeights weights() {
        return new BamWeights(norm, attention.weights(), ffn.stream().map(maps -> new FfnWeights(maps.get(0).weight(),
                maps.get(1).weight(), maps.get(2).weight())).toList(), router.weight());
    }

    /** x (B, N, D) to (B, N, D); adds the routing losses, weighed, to the context. */
    public Tensor forward(Tensor x, MixerContext context) {
        Trace trace = trace(x, weights(), context);
        context.addLoss(Ops.scale(trace.routing.loadBalance(), BALANCE).add(Ops.scale(trace.routing.zLoss(), Z)));
        return trace.out;
    }

    /** The block by given weights, through which gradients flow. */
    Trace trace(Tensor x, BamWeights weights, MixerContext context) {
        Tensor h = normalised(x, weights.norm(), config.epsilon());
        return joined(x, h, attention.forward(h, weights.attention(), context), weights, context);
    }

    /** An empty state of the attention. */
    MixerState state(long batch) {
        return attention.state(batch);
    }

    /** Tokens that continue {@code state}: (B, N, D) to (B, N, D), without a gradient graph. */
    Tensor prefill(Tensor x, MixerState state) {
        Tensor h = normalised(x, norm, config.epsilon());
        return joined(x, h, attention.prefill(h, state), weights(), MixerContext.plain()).out;
    }

    private Trace joined(Tensor x, Tensor h, Tensor attended, BamWeights weights, MixerContext context) {
        Tensor tokens = h.flatten(0, 1);                                             // (B N, D)
        TopKRouting routing = TopKRouting.of(torch.linear(tokens, weights.router()), config.topK(),
                config.renormalize());
        Tensor mixed = FfnMixture.apply(tokens, weights.ffn(), routing, context.form()).view(x.shape());
        return new Trace(x.add(attended).add(mixed), routing);
    }

    static Tensor normalised(Tensor x, Tensor weight, double epsilon) {
        return torch.layer_norm(x, new long[] {x.size(-1)}, new TensorOptional(weight), new TensorOptional(), epsilon,
                false);
    }
}
