package io.heed.sequence.cab;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.nn.AttentionCall;
import io.heed.nn.ComposedAttention;
import io.heed.nn.Form;
import io.heed.nn.FusedAttention;
import io.heed.nn.Padding;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * Softmax attention over all keys ("vanilla") or over a window of w: keys i - w to i + w, or i - w + 1 to i where
 * causal. No positions.
 */
final class WindowedAttention extends BenchmarkAttention {
    private static final Set<Pattern> SELF = Set.of(Pattern.CAUSAL_SELF, Pattern.NONCAUSAL_SELF);

    private final int window;

    /** @param window w; 0 for all keys, which serves all patterns */
    WindowedAttention(Sizes sizes, int window) {
        super(window == 0 ? "vanilla attention" : "local-attention", sizes, window == 0 ? Set.of(Pattern.values())
                : SELF);
        if (window < 0) {
            throw new IllegalArgumentException("window " + window + " must not be negative");
        }
        this.window = window;
    }

    static WindowedAttention local(MixerConfig config) {
        int window = MixerOptions.of(config).integer("window", 15);
        if (window < 1) {
            throw new IllegalArgumentException("option window=" + window + ": must be at least 1");
        }
        return new WindowedAttention(Sizes.of(config, "local-attention"), window);
    }

    /** A window does not tell its keys apart. */
    @Override
    public boolean carriesOrder() {
        return false;
    }

    @Override
    Tensor mix(Call call, MixerContext context) {
        AttentionSpec spec = spec(call);
        Tensor out;
        if (sizes().dropout() > 0 && is_training()) {
            Tensor weights = torch.dropout(ComposedAttention.weights(call.q(), call.k(), spec), sizes().dropout(),
                    true);
            out = ComposedAttention.apply(weights, call.v());
        } else {
            out = attend(call.q(), call.k(), call.v(), spec, context.form());
        }
        return context.watch(out, () -> AttentionCall.of(call.q(), call.k(), call.v(), spec));
    }

    private AttentionSpec spec(Call call) {
        AttentionSpec spec = call.keys().map(padding -> AttentionSpec.softmax().withPadding(padding.keys()))
                .orElseGet(AttentionSpec::softmax);
        return call.cross() ? spec : spec.withMask(mask(0));
    }

    /** @param offset key position of the first query */
    private Mask mask(int offset) {
        if (window == 0) {
            return sizes().causal() ? new Mask.Causal(offset) : new Mask.Full();
        }
        return sizes().causal() ? new Mask.SlidingWindow(window - 1, 0, offset)
                : new Mask.SlidingWindow(window, window, offset);
    }

    private static Tensor attend(Tensor q, Tensor k, Tensor v, AttentionSpec spec, Form form) {
        return form.isFused(q) ? FusedAttention.apply(q, k, v, spec) : ComposedAttention.apply(q, k, v, spec);
    }

    /** The last w - 1 keys and values; all of them without a window. */
    @Override
    public MixerState state(long batch) {
        if (!sizes().causal()) {
            return super.state(batch);
        }
        long[] shape = {batch, sizes().heads(), 0, sizes().headWidth()};
        return new TensorState(batch, () -> List.of(torch.zeros(shape, like().detach().options()),
                torch.zeros(shape, like().detach().options())));
    }

    /** Keys and values of the memory, and its padding. */
    @Override
    public MixerState state(long batch, MixerContext context) {
        if (context.memory().isEmpty() || window != 0) {
            return super.state(batch, context);
        }
        List<Tensor> held = new ArrayList<>();
        try (NoGradGuard _ = new NoGradGuard()) {
            Call source = source(context.memory().get(), context.memoryPadding(), true);
            held.addAll(List.of(source.k(), source.v()));
        }
        Tensor none = torch.zeros(new long[] {batch, held.getFirst().size(2)}, Ops.options(torch.ScalarType.Bool));
        held.add(context.memoryPadding().map(Padding::mask).orElse(none));
        held.forEach(Tensor::retainReference); // for later resets; the garbage collector frees them
        return new TensorState(batch, () -> held);
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            TensorState held = (TensorState) state;
            held.advance(x.size(1));
            if (held.count() > 2) {
                AttentionSpec spec = AttentionSpec.softmax().withPadding(new Padding(held.get(2)).keys());
                return output(attend(queries(x), held.get(0), held.get(1), spec, Form.AUTO));
            }
            Call next = source(x, Optional.empty(), false);
            Tensor k = Ops.cat(2, held.get(0), next.k());
            Tensor v = Ops.cat(2, held.get(1), next.v());
            int before = (int) held.get(0).size(2);
            Tensor out = attend(queries(x), k, v, AttentionSpec.softmax().withMask(mask(before)), Form.AUTO);
            long kept = window == 0 ? k.size(2) : Math.min(window - 1L, k.size(2));
            held.set(0, k.narrow(2, k.size(2) - kept, kept).contiguous());
            held.set(1, v.narrow(2, v.size(2) - kept, kept).contiguous());
            return output(out);
        }
    }
}
