package io.heed.sequence.dsf;

import java.util.Optional;

import org.bytedeco.pytorch.Tensor;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.DecodeSpec;
import io.heed.kernels.Mask;
import io.heed.nn.AttentionCall;
import io.heed.nn.ComposedAttention;
import io.heed.nn.Form;
import io.heed.nn.FusedAttention;
import io.heed.nn.FusedDecode;
import io.heed.nn.Padding;
import io.heed.sequence.KeyValueCache;
import io.heed.sequence.MixerState;

/** exp(q . k / sqrt(e)) over its causal sum: infinite state as a linear system, so decoding keeps keys and values. */
record SoftmaxHeads() implements HeadMixing {
    /** Most features of {@link #system}: where the tensor powers are cut off. */
    private static final long FEATURES = 2048;

    @Override
    public Tensor outputs(Call call, Optional<Padding> padding, Form form) {
        return attend(call, spec(padding), form);
    }

    private static AttentionSpec spec(Optional<Padding> padding) {
        AttentionSpec causal = AttentionSpec.softmax().withMask(Mask.causal());
        return padding.map(p -> causal.withPadding(p.keys())).orElse(causal);
    }

    private static Tensor attend(Call call, AttentionSpec spec, Form form) {
        return form.isFused(call.q()) ? FusedAttention.apply(call.q(), call.k(), call.v(), spec)
                : ComposedAttention.apply(call.q(), call.k(), call.v(), spec);
    }

    @Override
    public AttentionCall weights(Call call, Optional<Padding> padding) {
        return AttentionCall.of(call.q(), call.k(), call.v(), spec(padding));
    }

    @Override
    public MixerState state(long batch, long heads, long width, long valueWidth, Tensor like) {
        return new KeyValueCache(batch);
    }

    @Override
    public Tensor extend(Call call, MixerState state) {
        KeyValueCache cache = (KeyValueCache) state;
        cache.append(call.k(), call.v());
        Tensor q = call.q();
        if (q.size(2) == 1 && Form.AUTO.isFused(q)) {
            return FusedDecode.apply(q, cache.keys(), cache.values(), DecodeSpec.softmax());
        }
        AttentionSpec spec = AttentionSpec.softmax().withMask(Mask.causal((int) q.size(2), (int) cache.position()));
        return attend(new Call(q, cache.keys(), cache.values(), null), spec, Form.AUTO);
    }

    @Override
    public LinearSystem system(Tensor q, Tensor k, Tensor v, Tensor u, int head) {
        return system(q, k, v, TensorPowers.orderWithin(q.size(1), FEATURES));
    }

    /** With the tensor powers up to {@code order}; the normaliser sums up the same powers. */
    static LinearSystem system(Tensor q, Tensor k, Tensor v, int order) {
        Tensor phi = TensorPowers.of(q, order);
        Tensor psi = TensorPowers.of(k, order);
        return AttentionSystem.of(phi, psi, v, AttentionSystem.logSum(phi, psi));
    }
}
