package io.heed.sequence.zoology;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Form;
import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.nn.Registration;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * RWKV-4's time mixing; see the package for the equations. Its state is the last input and three numbers a channel.
 *
 * <p>Parameters {@code time_decay (D)}, {@code time_first (D)}, {@code time_mix_k|v|r (1, 1, D)},
 * {@code key|value|receptance|output.weight (D, D)}; no biases.
 */
public final class Rwkv extends SequenceMixer {
    /** What the key of a padded token becomes: its weight is 0 as soon as there is a real one. */
    private static final double HIDDEN = -1e30;

    private final long width;
    private final Tensor decay;
    private final Tensor first;
    private final Tensor mixKey;
    private final Tensor mixValue;
    private final Tensor mixReceptance;
    private final LinearImpl key;
    private final LinearImpl value;
    private final LinearImpl receptance;
    private final LinearImpl output;

    /** Builds it with the fresh weights of its place in the stack. */
    public Rwkv(MixerConfig config) {
        this(config.width(), config.layer(), config.layers());
    }

    Rwkv(long width, int layer, int layers) {
        super("Rwkv");
        this.width = width;
        double depth = layers == 1 ? 0 : layer / (layers - 1.0); // 0 at the first layer, 1 at the last
        double rest = 1 - layer / (double) layers; // 1 at the first layer, almost 0 at the last
        float[][] fresh = new float[5][(int) width];
        for (int i = 0; i < width; i++) {
            double channel = i / (double) width;
            double place = width == 1 ? 0 : i / (width - 1.0);
            fresh[0][i] = (float) (-5 + 8 * Math.pow(place, 0.7 + 1.3 * depth));
            fresh[1][i] = (float) (Math.log(0.3) + 0.5 * ((i + 1) % 3 - 1));
            fresh[2][i] = (float) Math.pow(channel, rest);
            fresh[3][i] = (float) (Math.pow(channel, rest) + 0.3 * depth);
            fresh[4][i] = (float) Math.pow(channel, 0.5 * rest);
        }
        decay = Registration.parameter(this, "time_decay", Ops.of(fresh[0]));
        first = Registration.parameter(this, "time_first", Ops.of(fresh[1]));
        mixKey = Registration.parameter(this, "time_mix_k", Ops.of(fresh[2], 1, 1, width));
        mixValue = Registration.parameter(this, "time_mix_v", Ops.of(fresh[3], 1, 1, width));
        mixReceptance = Registration.parameter(this, "time_mix_r", Ops.of(fresh[4], 1, 1, width));
        key = register_module("key", Initialisation.linear(width, width, false));
        value = register_module("value", Initialisation.linear(width, width, false));
        receptance = register_module("receptance", Initialisation.linear(width, width, false));
        output = register_module("output", Initialisation.residual(width, width, false, layers));
    }

    @Override
    public Set<Pattern> patterns() {
        return Set.of(Pattern.CAUSAL_SELF);
    }

    @Override
    public boolean carriesOrder() {
        return true;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        Optional<Tensor> padded = context.padding().map(Padding::mask).map(mask -> mask.unsqueeze(-1));
        Tensor real = padded.map(mask -> Ops.fill(x, mask, 0)).orElse(x);
        Tensor before = Ops.cat(1, torch.zeros_like(real.narrow(1, 0, 1)), real.narrow(1, 0, real.size(1) - 1));
        Projected p = project(real, before);
        Tensor k = padded.map(mask -> Ops.fill(p.k, mask, HIDDEN)).orElse(p.k);
        return output.forward(p.gate.mul(Wkv.apply(k, p.v, decay.exp().neg(), first, context.form())));
    }

    @Override
    public MixerState state(long batch) {
        return new TensorState(batch, () -> {
            List<Tensor> tensors = new ArrayList<>();
            tensors.add(torch.zeros(new long[] {batch, width}, decay.detach().options()));
            tensors.addAll(Wkv.Sums.empty(decay, batch, width).tensors());
            return tensors;
        });
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            TensorState held = (TensorState) state;
            Projected p = project(x.unsqueeze(1), held.get(0).unsqueeze(1));
            Wkv.Sums[] next = new Wkv.Sums[1];
            Tensor y = Wkv.step(p.k.squeeze(1), p.v.squeeze(1), decay.exp().neg(), first, sums(held), next);
            keep(held, x, next[0], 1);
            return output.forward(p.gate.squeeze(1).mul(y));
        }
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        if (!Form.AUTO.isFused(x)) {
            return super.prefill(x, state);
        }
        try (NoGradGuard _ = new NoGradGuard()) {
            TensorState held = (TensorState) state;
            Projected p = project(x, Ops.cat(1, held.get(0).unsqueeze(1), x.narrow(1, 0, x.size(1) - 1)));
            Wkv.Sums[] next = new Wkv.Sums[1];
            Tensor y = Wkv.extend(p.k, p.v, decay.exp().neg(), first, sums(held), next);
            keep(held, x.select(1, -1), next[0], x.size(1));
            return output.forward(p.gate.mul(y));
        }
    }

    private static Wkv.Sums sums(TensorState state) {
        return new Wkv.Sums(state.get(1), state.get(2), state.get(3));
    }

    private static void keep(TensorState state, Tensor last, Wkv.Sums sums, long tokens) {
        state.set(0, last.clone());
        List<Tensor> tensors = sums.tensors();
        for (int i = 0; i < tensors.size(); i++) {
            state.set(i + 1, tensors.get(i));
        }
        state.advance(tokens);
    }

    private record Projected(Tensor k, Tensor v, Tensor gate) { }

    /** Keys, values and gates of tokens (B, N, D), each mixed with the token before. */
    private Projected project(Tensor x, Tensor before) {
        return new Projected(key.forward(mix(x, before, mixKey)), value.forward(mix(x, before, mixValue)),
                receptance.forward(mix(x, before, mixReceptance)).sigmoid());
    }

    private static Tensor mix(Tensor x, Tensor before, Tensor share) {
        return x.mul(share).add(before.mul(share.neg().add(new Scalar(1))));
    }
}
