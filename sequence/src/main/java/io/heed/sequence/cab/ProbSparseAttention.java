package io.heed.sequence.cab;

import java.util.Optional;
import java.util.Set;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.SampledScores;
import io.heed.nn.AttentionCall;
import io.heed.nn.ComposedAttention;
import io.heed.nn.Form;
import io.heed.nn.FusedAttention;
import io.heed.nn.Padding;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.Pattern;
import io.heed.tensor.Ops;
import io.heed.tensor.View;

/**
 * ProbSparse attention (Zhou et al., Informer, arXiv 2012.07436): the queries whose attention is furthest from even
 * attend, u = f ceil(ln N) of each head; the others take the mean of the values, which is what even attention gives.
 *
 * <pre>
 *   M_i = max_j q_i . k_s(i,j) - sum_j q_i . k_s(i,j) / N        s(i, .): f ceil(ln N) keys at random
 *   y_i = softmax(q_i K^T / sqrt(d)) V  for the u largest M_i,   mean(V)  elsewhere
 * </pre>
 *
 * <p>The sample is drawn anew at every training step; in evaluation it is always the same. Parameters
 * {@code query_projection|key_projection|value_projection|out_projection.* (D, D)} with biases.
 */
final class ProbSparseAttention extends BenchmarkAttention {
    private static final Projections NAMES = new Projections("query_projection", "key_projection", "value_projection",
            "out_projection");

    private final int factor;

    /** @param factor f */
    ProbSparseAttention(Sizes sizes, int factor) {
        super("prob-sparse", sizes, Set.of(Pattern.NONCAUSAL_SELF), NAMES);
        if (factor < 1) {
            throw new IllegalArgumentException("factor " + factor + " must be at least 1");
        }
        this.factor = factor;
    }

    static ProbSparseAttention of(MixerConfig config) {
        return new ProbSparseAttention(Sizes.of(config, "prob-sparse"), MixerOptions.of(config).integer("factor", 5));
    }

    @Override
    public boolean carriesOrder() {
        return false;
    }

    /** The queries that attend. */
    private record Chosen(Tensor index, Tensor used) { } // (B, H, u), and 1 or 0 for those beyond a sequence's own u

    @Override
    Tensor mix(Call call, MixerContext context) {
        Tensor means = means(call).expand_as(call.q());
        long key = is_training() ? torch.randint(Long.MAX_VALUE, new long[] {1}, Ops.options(ScalarType.Long))
                .item_long() : 0;
        KeySamples samples = KeySamples.draw((int) call.k().size(2), factor, call.keys(), key);
        if (samples.most() == 0) {
            return means;
        }
        Chosen chosen = choose(call, samples, context.form());
        Tensor rows = chosen.index.unsqueeze(-1).expand(chosen.index.size(0), chosen.index.size(1),
                chosen.index.size(2), call.q().size(3)); // (B, H, u, d)
        AttentionSpec spec = call.keys().map(padding -> AttentionSpec.softmax().withPadding(padding.keys()))
                .orElseGet(AttentionSpec::softmax);
        Tensor q = call.q().gather(2, rows, false);
        Tensor attended = context.form().isFused(q) ? FusedAttention.apply(q, call.k(), call.v(), spec)
                : ComposedAttention.apply(q, call.k(), call.v(), spec);
        Tensor gained = attended.sub(means.narrow(2, 0, rows.size(2))).mul(chosen.used.unsqueeze(-1));
        return context.watch(means.scatter_add(2, rows, gained), () -> new AttentionCall(call.q(), call.k(), call.v(),
                (from, count) -> weights(call, chosen, spec).narrow(2, from, count)));
    }

    /** The mean of the real values, (B, H, 1, d). */
    private static Tensor means(Call call) {
        Tensor v = call.v();
        if (call.keys().isEmpty()) {
            return v.mean(new long[] {2}, true, null);
        }
        Tensor padded = call.keys().get().mask().unsqueeze(1).unsqueeze(-1);
        Tensor real = padded.logical_not().sum(new long[] {2}, true, null).clamp_min(new Scalar(1));
        return Ops.fill(v, padded, 0).sum(new long[] {2}, true, null).div(real);
    }

    private static Chosen choose(Call call, KeySamples samples, Form form) {
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor q = call.q();
            Tensor k = call.k();
            Tensor measure = form.isFused(q) ? kernelMeasure(q, k, samples) : measure(q, k, samples); // (B, H, N)
            Tensor index = torch.topk(measure, samples.most(), -1, true, true).get1();
            Tensor counts = Ops.of(longs(samples.chosen()), samples.chosen().length, 1, 1).to(q.device(),
                    ScalarType.Long);
            Tensor used = torch.arange(new Scalar(samples.most()), counts.options()).view(1, 1, -1).lt(counts)
                    .to(Ops.type(q)).expand_as(index);
            return new Chosen(index, used);
        }
    }

    private static Tensor kernelMeasure(Tensor q, Tensor k, KeySamples samples) {
        Tensor out = q.new_empty(q.size(0), q.size(1), q.size(2));
        try (View queries = View.read(q); View keys = View.read(k)) {
            SampledScores.measure(queries.rows(), keys.rows(), samples.index(), samples.lengths(), View.segment(out));
        }
        return out;
    }

    /** M by gathering the sampled keys of every query, (B, H, N). */
    private static Tensor measure(Tensor q, Tensor k, KeySamples samples) {
        long patterns = samples.lengths().length;
        Tensor index = Ops.of(longs(samples.index()), patterns, 1, q.size(2) * samples.most())
                .to(q.device(), ScalarType.Long);
        Tensor none = index.lt(new Scalar(0)).unflatten(2, q.size(2), samples.most());
        Tensor spread = index.clamp_min(new Scalar(0)).unsqueeze(-1).expand(k.size(0), k.size(1), index.size(2),
                k.size(3));
        Tensor keys = k.gather(2, spread, false).unflatten(2, q.size(2), samples.most()); // (B, H, N, S, d)
        Tensor products = keys.matmul(q.unsqueeze(-1)).squeeze(-1);
        Tensor largest = Ops.fill(products, none, Double.NEGATIVE_INFINITY).amax(new long[] {3}, false);
        Tensor lengths = Ops.of(longs(samples.lengths()), patterns, 1, 1).to(q.device(), Ops.type(q))
                .clamp_min(new Scalar(1));
        return largest.sub(Ops.fill(products, none, 0).sum(new long[] {3}, false, null).div(lengths));
    }

    /** The whole matrix: even rows, and the softmax of those that attend. */
    private static Tensor weights(Call call, Chosen chosen, AttentionSpec spec) {
        Tensor q = call.q();
        Tensor even = Ops.maskedSoftmax(hidden(torch.zeros(new long[] {q.size(0), q.size(1), q.size(2),
                call.k().size(2)}, q.options()), call.keys()), -1);
        Tensor attends = torch.zeros(new long[] {q.size(0), q.size(1), q.size(2)}, q.options())
                .scatter_add(2, chosen.index, chosen.used).unsqueeze(-1).gt(new Scalar(0));
        return torch.where(attends, ComposedAttention.weights(q, call.k(), spec), even);
    }

    private static Tensor hidden(Tensor logits, Optional<Padding> padding) {
        return padding.map(p -> Ops.fill(logits, p.mask().unsqueeze(1).unsqueeze(1), Double.NEGATIVE_INFINITY))
                .orElse(logits);
    }

    private static long[] longs(int[] values) {
        long[] longs = new long[values.length];
        for (int i = 0; i < values.length; i++) {
            longs[i] = values[i];
        }
        return longs;
    }
}
