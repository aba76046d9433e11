package io.heed.sequence.flowformer;

import java.util.List;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.AttentionCall;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.TensorState;

/**
 * Multi-head flow attention; see the package for the equations. Without order it also serves cross-attention: the
 * memory's tokens are the sources.
 *
 * <p>Parameters {@code query_projection.*}, {@code key_projection.*}, {@code value_projection.*}, weights (D, Din), and
 * {@code out_projection.*}, weight (Dout, D), all with biases.
 */
public final class FlowAttention extends SequenceMixer {
    private final int heads;
    private final FlowConfig flow;
    private final double dropout;
    private final LinearImpl queryProjection;
    private final LinearImpl keyProjection;
    private final LinearImpl valueProjection;
    private final LinearImpl outProjection;

    /**
     * What surrounds the flows.
     *
     * @param input   Din, channels of queries, keys and values before their projections
     * @param width   D, channels of all heads
     * @param output  Dout
     * @param heads   H
     * @param dropout on the output, in training
     * @param layers  layers of the model, for the initial scale of the last projection
     */
    public record Sizes(long input, long width, long output, int heads, double dropout, int layers) {
        /** @throws IllegalArgumentException when the width is not a multiple of the heads */
        public Sizes {
            if (heads < 1 || width % heads != 0) {
                throw new IllegalArgumentException("width " + width + " is not a multiple of " + heads + " heads");
            }
        }

        /** D channels everywhere, no dropout. */
        public static Sizes of(long width, int heads) {
            return new Sizes(width, width, width, heads, 0, 1);
        }
    }

    public FlowAttention(Sizes sizes, FlowConfig flow) {
        super("FlowAttention");
        this.flow = flow;
        heads = sizes.heads();
        dropout = sizes.dropout();
        queryProjection = register_module("query_projection", Initialisation.linear(sizes.input(), sizes.width(),
                true));
        keyProjection = register_module("key_projection", Initialisation.linear(sizes.input(), sizes.width(), true));
        valueProjection = register_module("value_projection", Initialisation.linear(sizes.input(), sizes.width(),
                true));
        outProjection = register_module("out_projection",
                Initialisation.residual(sizes.width(), sizes.output(), true, sizes.layers()));
    }

    /**
     * Builds it for a backbone.
     *
     * @throws IllegalArgumentException for a grouped configuration, or an option's value that it cannot take
     */
    static FlowAttention of(MixerConfig config) {
        if (config.keyValueHeads() != config.heads()) {
            throw new IllegalArgumentException("flowformer has no grouped heads: key/value heads must be "
                    + config.heads()
                    + ", got " + config.keyValueHeads());
        }
        MixerOptions options = MixerOptions.of(config);
        double clamp = options.text("clamp", "1").strip().equals("none") ? Double.POSITIVE_INFINITY
                : options.number("clamp", 1);
        FlowConfig flow = FlowConfig.of(config.causal()).withClamp(clamp)
                .withFeatures(options.choice("features", FlowConfig.Features.class, FlowConfig.Features.SIGMOID))
                .with(options.flag("competition", true), options.flag("allocation", true));
        return new FlowAttention(new Sizes(config.width(), config.width(), config.width(), config.heads(),
                config.dropout(),
                config.layers()), flow);
    }

    @Override
    public Set<Pattern> patterns() {
        return flow.causal() ? Set.of(Pattern.CAUSAL_SELF) : Set.of(Pattern.NONCAUSAL_SELF, Pattern.NONCAUSAL_CROSS);
    }

    /** Flows are sums: nothing tells near from far. */
    @Override
    public boolean carriesOrder() {
        return false;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        Tensor memory = context.memory().orElse(x);
        return attend(x, memory, memory, context);
    }

    /**
     * Flow attention of any queries, keys and values.
     *
     * @param queries (B, L, Din)
     * @param keys    (B, S, Din), S = L where causal
     * @param values  (B, S, Din)
     * @param context padding of the queries, and of the keys: the memory's where there is a memory, else the queries'
     * @return (B, L, Dout)
     */
    public Tensor attend(Tensor queries, Tensor keys, Tensor values, MixerContext context) {
        Tensor q = features(queryProjection, queries);
        Tensor k = features(keyProjection, keys);
        Tensor v = Heads.split(valueProjection.forward(values), heads);
        return output(flow.causal() ? causal(q, k, v, context) : unordered(q, k, v, context));
    }

    private Tensor causal(Tensor q, Tensor k, Tensor v, MixerContext context) {
        if (context.memory().isPresent()) {
            throw new UnsupportedOperationException("causal flow attention attends to its own sequence, not to a"
                    + " memory");
        }
        if (q.size(2) != k.size(2)) {
            throw new IllegalArgumentException("causal flow attention needs as many keys as queries, got "
                    + k.size(2) + " and "
                    + q.size(2));
        }
        Padding padding = context.padding().orElse(null);
        Tensor out = CausalFlows.outputs(q, k, v, padding, flow, context.form());
        return context.watch(out, () -> new AttentionCall(q, k, v,
                (from, count) -> CausalFlows.weights(q, k, padding, flow).narrow(2, from, count)));
    }

    private Tensor unordered(Tensor q, Tensor k, Tensor v, MixerContext context) {
        Flows flows = Flows.of(q, k, context.padding().orElse(null), context.keyPadding().orElse(null), flow);
        return context.watch(flows.outputs(q, k, v), () -> new AttentionCall(q, k, v,
                (from, count) -> flows.weights(q, k).narrow(2, from, count)));
    }

    /** phi of a projection in heads, (B, H, N, d). */
    private Tensor features(LinearImpl projection, Tensor x) {
        return flow.features().of(Heads.split(projection.forward(x), heads));
    }

    /** The flows of self-attention over (B, N, D) without order. */
    public Flows flows(Tensor x) {
        return Flows.of(features(queryProjection, x), features(keyProjection, x), null, null, flow);
    }

    /**
     * The attention matrix of self-attention, (B, H, N, N): what the linear form never makes. Rows need not sum up to
     * 1.
     */
    public Tensor weights(Tensor x) {
        Tensor q = features(queryProjection, x);
        Tensor k = features(keyProjection, x);
        return flow.causal() ? CausalFlows.weights(q, k, null, flow) : Flows.of(q, k, null, null, flow).weights(q, k);
    }

    private Tensor output(Tensor out) {
        Tensor projected = outProjection.forward(Heads.merge(out));
        return dropout > 0 && is_training() ? torch.dropout(projected, dropout, true) : projected;
    }

    @Override
    public MixerState state(long batch) {
        if (!flow.causal()) {
            throw new UnsupportedOperationException("flow attention that is not causal cannot decode step by step");
        }
        long d = queryProjection.weight().size(0) / heads;
        return new TensorState(batch, () -> CausalFlows.State.empty(batch, heads, d, d,
                queryProjection.weight().detach().options()));
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    /** The sums go on from the state: chunks of any lengths give what the whole sequence gives. */
    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        TensorState held = (TensorState) state;
        try (NoGradGuard _ = new NoGradGuard()) {
            CausalFlows.Result result = CausalFlows.extend(features(queryProjection, x), features(keyProjection, x),
                    Heads.split(valueProjection.forward(x), heads), new CausalFlows.State(held.get(0), held.get(1),
                            held.get(2),
                            held.get(3), held.get(4), held.get(5), held.position()), flow);
            CausalFlows.State after = result.state();
            List<Tensor> tensors = List.of(after.keys(), after.queries(), after.sources(), after.sinks(),
                    after.logWeight(), after.values());
            for (int i = 0; i < tensors.size(); i++) {
                held.set(i, tensors.get(i).clone());
            }
            held.advance(x.size(1));
            return output(result.out());
        }
    }
}
