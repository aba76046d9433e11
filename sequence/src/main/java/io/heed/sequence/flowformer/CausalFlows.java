package io.heed.sequence.flowformer;

import java.util.List;

import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.CausalLinearAttention;
import io.heed.nn.Form;
import io.heed.nn.Padding;
import io.heed.tensor.Ops;

/** Flow attention in which every sum ends at its own time. */
final class CausalFlows {
    /** Ohat of a token that does not exist: exp of it is 0, and its gradient is a number. */
    private static final double NOTHING = -1e4;
    /** Tokens whose sums and flows are computed together where no gradient is asked for. */
    private static final long CHUNK = 1024;

    /**
     * What later tokens need to know.
     *
     * @param keys      sum of k, (B, H, 1, d)
     * @param queries   sum of q, (B, H, 1, d)
     * @param sources   sum of k / O, (B, H, 1, d)
     * @param sinks     sum of q / I, (B, H, 1, d)
     * @param logWeight ln of the sum of exp(Ohat), (B, H, 1)
     * @param values    sum of k (comp v)^T, (B, H, d, e)
     * @param tokens    t
     */
    record State(Tensor keys, Tensor queries, Tensor sources, Tensor sinks, Tensor logWeight, Tensor values,
            long tokens) {
        static List<Tensor> empty(long batch, long heads, long d, long e, TensorOptions options) {
            long[] row = {batch, heads, 1, d};
            return List.of(torch.zeros(row, options), torch.zeros(row, options), torch.zeros(row, options),
                    torch.zeros(row, options), torch.full(new long[] {batch, heads, 1}, new Scalar(NOTHING), options),
                    torch.zeros(new long[] {batch, heads, d, e}, options));
        }
    }

    /** Outputs (B, H, N, e) and what comes after. */
    record Result(Tensor out, State state) { }

    private CausalFlows() { }

    /**
     * Outputs from no earlier tokens.
     *
     * @param q       phi(q), (B, H, N, d)
     * @param k       phi(k), (B, H, N, d)
     * @param v       (B, H, N, e)
     * @param padding tokens that do not exist, or null
     * @return (B, H, N, e)
     */
    static Tensor outputs(Tensor q, Tensor k, Tensor v, Padding padding, FlowConfig config, Form form) {
        if (padding == null && q.size(2) > CHUNK && form.isFused(q) && !GradMode.is_enabled()) {
            return inChunks(q, k, v, config);
        }
        Weights w = Weights.of(without(q, padding), without(k, padding), null, padding, config);
        return CausalLinearAttention.outputs(q.mul(w.sink.unsqueeze(-1)), k, v.mul(w.source.unsqueeze(-1)),
                new double[(int) q.size(1)], form);
    }

    /** The same chunk by chunk, so that the sums and flows of one are still in the processor's caches. */
    private static Tensor inChunks(Tensor q, Tensor k, Tensor v, FlowConfig config) {
        List<Tensor> empty = State.empty(q.size(0), q.size(1), q.size(3), v.size(3), q.options());
        State state = new State(empty.get(0), empty.get(1), empty.get(2), empty.get(3), empty.get(4), empty.get(5), 0);
        Tensor out = torch.empty_like(v);
        for (long at = 0; at < q.size(2); at += CHUNK) {
            long count = Math.min(CHUNK, q.size(2) - at);
            Result result = extend(q.narrow(2, at, count), k.narrow(2, at, count), v.narrow(2, at, count), state,
                    config);
            out.narrow(2, at, count).copy_(result.out());
            state = result.state();
        }
        return out;
    }

    /** Outputs of tokens that continue {@code state}, and the state after them; without a gradient graph. */
    static Result extend(Tensor q, Tensor k, Tensor v, State state, FlowConfig config) {
        Weights w = Weights.of(q, k, state, null, config);
        CausalLinearAttention.Result result = CausalLinearAttention.withState(q.mul(w.sink.unsqueeze(-1)), k,
                v.mul(w.source.unsqueeze(-1)), new double[(int) q.size(1)], state.values(), Form.AUTO);
        long last = q.size(2) - 1;
        return new Result(result.out(), new State(w.keys.narrow(2, last, 1), w.queries.narrow(2, last, 1),
                w.sources.narrow(2, last, 1), w.sinks.narrow(2, last, 1), w.logWeight.narrow(2, last, 1),
                        result.state(),
                state.tokens() + q.size(2)));
    }

    /** The attention matrix that the linear form never makes, (B, H, N, N): 0 above the diagonal. */
    static Tensor weights(Tensor q, Tensor k, Padding padding, FlowConfig config) {
        Weights w = Weights.of(without(q, padding), without(k, padding), null, padding, config);
        return q.matmul(k.transpose(-2, -1)).mul(w.source.unsqueeze(-2)).mul(w.sink.unsqueeze(-1)).tril();
    }

    private static Tensor without(Tensor features, Padding padding) {
        return padding == null ? features : Ops.fill(features, padding.mask().unsqueeze(1).unsqueeze(-1), 0);
    }

    /**
     * Everything that does not need the values.
     *
     * @param sink      alloc_t / (I_t t), (B, H, N)
     * @param source    comp_t, 0 for a token that does not exist, (B, H, N)
     * @param keys      sums of k up to each token, (B, H, N, d), and so on as in {@link State}
     */
    private record Weights(Tensor sink, Tensor source, Tensor keys, Tensor queries, Tensor sources, Tensor sinks,
                           Tensor logWeight) {
        static Weights of(Tensor q, Tensor k, State state, Padding padding, FlowConfig config) {
            double eps = config.epsilon();
            Tensor count = counts(q, state, padding); // t, (N) or (B, 1, N)
            Tensor keys = sums(k, state == null ? null : state.keys());
            Tensor queries = sums(q, state == null ? null : state.queries());
            Tensor incoming = flow(q, keys, count, eps);
            Tensor outgoing = flow(k, queries, count, eps);
            Tensor sources = sums(k.div(outgoing.unsqueeze(-1)), state == null ? null : state.sources());
            Tensor sinks = sums(q.div(incoming.unsqueeze(-1)), state == null ? null : state.sinks());
            Tensor logits = config.competition() ? config.clamped(flow(k, sinks, count, eps))
                    : torch.zeros_like(outgoing);
            if (padding != null) {
                logits = Ops.fill(logits, padding.mask().unsqueeze(1), NOTHING);
            }
            Tensor logWeight = logits.logcumsumexp(2);
            if (state != null) {
                logWeight = torch.logaddexp(logWeight, state.logWeight());
            }
            Tensor source = config.competition() ? logits.sub(logWeight).exp().mul(count) : torch.ones_like(logits);
            if (padding != null) {
                source = Ops.fill(source, padding.mask().unsqueeze(1), 0);
            }
            Tensor allocation = config.allocation() ? flow(q, sources, count, eps).sigmoid()
                    : torch.ones_like(incoming);
            return new Weights(allocation.div(incoming.mul(count)), source, keys, queries, sources, sinks, logWeight);
        }

        private static Tensor counts(Tensor like, State state, Padding padding) {
            long before = state == null ? 0 : state.tokens();
            if (padding != null) {
                return padding.mask().logical_not().to(like.device(), Ops.type(like)).cumsum(1).clamp_min(new Scalar(1))
                        .unsqueeze(1);
            }
            return torch.arange(new Scalar(before + 1), new Scalar(before + like.size(2) + 1), like.detach().options());
        }

        private static Tensor sums(Tensor x, Tensor before) {
            Tensor sums = x.cumsum(2);
            return before == null ? sums : sums.add(before);
        }

        /** (x + eps) . (sum + eps) / t: (B, H, N). */
        private static Tensor flow(Tensor x, Tensor sum, Tensor count, double eps) {
            return Ops.shift(x, eps).mul(Ops.shift(sum, eps)).sum(new long[] {-1}, false, null).div(count);
        }
    }
}
