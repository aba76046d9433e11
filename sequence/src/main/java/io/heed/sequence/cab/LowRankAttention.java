package io.heed.sequence.cab;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.AttentionCall;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.TensorState;

/**
 * Attention whose matrix of weights is a product of two thin ones, L (n, r) and R (r, m), so that L (R v) costs n + m
 * and not n m: landmarks, random features, cosines. Against a memory, what is read of it is of constant size.
 */
abstract class LowRankAttention extends BenchmarkAttention {
    /**
     * What keys and values are summed up in.
     *
     * @param keys  what a query is compared with, (B, H, .., ..)
     * @param right R, (B, H, r, m)
     */
    record Summary(Tensor keys, Tensor right) { }

    LowRankAttention(String name, Sizes sizes, Set<Pattern> all) {
        super(name, sizes, all);
    }

    /** Order is added to the input, except where the mechanism has its own. */
    @Override
    public boolean carriesOrder() {
        return false;
    }

    /** From the keys and values, and for Nystrom's landmarks the queries, of {@code call}. */
    abstract Summary summarise(Call call);

    /**
     * L, (B, H, n, r).
     *
     * @param keys as {@link #summarise} gave them
     */
    abstract Tensor left(Call call, Tensor keys);

    @Override
    Tensor mix(Call call, MixerContext context) {
        Summary summary = summarise(call);
        Tensor left = left(call, summary.keys);
        return context.watch(left.matmul(summary.right.matmul(call.v())), () ->
                new AttentionCall(call.q(), call.k(), call.v(),
                (from, count) -> left.narrow(2, from, count).matmul(summary.right)));
    }

    /** The memory's summary: it does not grow with the memory. */
    @Override
    public MixerState state(long batch, MixerContext context) {
        if (context.memory().isEmpty() || !patterns().contains(Pattern.CAUSAL_CROSS)) {
            return super.state(batch, context);
        }
        List<Tensor> held = new ArrayList<>();
        try (NoGradGuard _ = new NoGradGuard()) {
            Call call = source(context.memory().get(), context.memoryPadding(), true);
            Summary summary = summarise(call);
            held.addAll(List.of(summary.keys, summary.right.matmul(call.v())));
        }
        held.forEach(Tensor::retainReference); // for later resets; the garbage collector frees them
        return new TensorState(batch, () -> held);
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            TensorState held = (TensorState) state;
            held.advance(x.size(1));
            Call call = new Call(queries(x), null, null, Optional.empty(), Optional.empty(), true);
            return output(left(call, held.get(0)).matmul(held.get(1)));
        }
    }
}
