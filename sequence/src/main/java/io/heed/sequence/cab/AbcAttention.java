package io.heed.sequence.cab;

import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Form;
import io.heed.nn.Padding;
import io.heed.nn.Registration;
import io.heed.nn.SoftmaxScan;
import io.heed.nn.SoftmaxState;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * Attention with bounded memory (Peng et al., ABC, arXiv 2110.02488): C slots a head, each a softmax average of the
 * tokens.
 *
 * <pre>
 *   K~ = softmax_tokens(K C_k)^T K,   V~ = softmax_tokens(V C_v)^T V,   y = softmax(q K~^T / sqrt(d)) V~
 * </pre>
 *
 * Causal on its own sequence, the averages go over the tokens so far; the benchmark's code keeps only the newest
 * token's share of them, {@link Memory#NEWEST}.
 *
 * <p>Further parameters {@code compress_k}, {@code compress_v} (d, C).
 */
final class AbcAttention extends LowRankAttention {
    /** What a slot holds where attention is causal on its own sequence. */
    enum Memory { AVERAGE, NEWEST }

    private final int slots;
    private final Memory memory;
    private final Tensor compressKeys;
    private final Tensor compressValues;

    /** @param slots C */
    AbcAttention(Sizes sizes, int slots, Memory memory) {
        super("abc", sizes, Set.of(Pattern.values()));
        if (slots < 1) {
            throw new IllegalArgumentException("slots " + slots + " must be at least 1");
        }
        this.slots = slots;
        this.memory = memory;
        compressKeys = Registration.parameter(this, "compress_k", fresh());
        compressValues = Registration.parameter(this, "compress_v", fresh());
    }

    static AbcAttention of(MixerConfig config) {
        MixerOptions options = MixerOptions.of(config);
        return new AbcAttention(Sizes.of(config, "abc"), options.integer("slots", 16),
                options.choice("memory", Memory.class, Memory.AVERAGE));
    }

    private Tensor fresh() {
        Tensor tensor = torch.empty(sizes().headWidth(), slots);
        try (NoGradGuard _ = new NoGradGuard()) {
            return torch.xavier_uniform_(tensor, Math.sqrt(0.5));
        }
    }

    @Override
    Summary summarise(Call call) {
        Tensor keys = shares(call.k(), compressKeys, call.keys()).matmul(call.k()); // (B, H, C, d)
        return new Summary(keys, shares(call.v(), compressValues, call.keys()));
    }

    /** softmax over tokens of x C, (B, H, C, m). */
    private static Tensor shares(Tensor x, Tensor compress, Optional<Padding> padding) {
        return Ops.maskedSoftmax(scores(x, compress, padding), -1);
    }

    /** (x C)^T, -inf at padded tokens: (B, H, C, m). */
    private static Tensor scores(Tensor x, Tensor compress, Optional<Padding> padding) {
        Tensor scores = x.matmul(compress).transpose(2, 3);
        return padding.map(p -> Ops.fill(scores, p.mask().unsqueeze(1).unsqueeze(1), Double.NEGATIVE_INFINITY))
                .orElse(scores);
    }

    @Override
    Tensor left(Call call, Tensor keys) {
        return torch.softmax(scaled(call.q()).matmul(keys.transpose(2, 3)), -1);
    }

    private Tensor scaled(Tensor q) {
        return Ops.scale(q, 1 / Math.sqrt(sizes().headWidth()));
    }

    @Override
    Tensor mix(Call call, MixerContext context) {
        if (call.cross() || !sizes().causal()) {
            return super.mix(call, context);
        }
        Tensor keyScores = scores(call.k(), compressKeys, call.keys());
        Tensor valueScores = scores(call.v(), compressValues, call.keys());
        if (memory == Memory.NEWEST) {
            return read(call.q(), newest(keyScores, call.k()), newest(valueScores, call.v()));
        }
        return read(call.q(), averages(keyScores, call.k(), context.form()),
                averages(valueScores, call.v(), context.form()));
    }

    /** The share of the newest token in a slot times that token, (B, H, C, N, d): the benchmark's code. */
    private static Tensor newest(Tensor scores, Tensor x) {
        Tensor shares = scores.sub(scores.logcumsumexp(-1)).exp(); // (B, H, C, N)
        return torch.nan_to_num(shares).unsqueeze(-1).mul(x.unsqueeze(2));
    }

    /** The slots after every token, (B, H, C, N, d): one softmax scan a head and slot. */
    private Tensor averages(Tensor scores, Tensor x, Form form) {
        return SoftmaxScan.outputs(scores.flatten(1, 2), repeated(x), form).unflatten(1, sizes().heads(), slots);
    }

    /** (B, H, N, d) once for every slot: (B, H C, N, d). */
    private Tensor repeated(Tensor x) {
        return x.unsqueeze(2).expand(x.size(0), x.size(1), slots, x.size(2), x.size(3)).flatten(1, 2);
    }

    /** Attention of every query to the slots of its time: q (B, H, N, d), slots (B, H, C, N, d). */
    private Tensor read(Tensor q, Tensor keys, Tensor values) {
        // (B, H, C, N)
        Tensor weights = torch.softmax(scaled(q).unsqueeze(2).mul(keys).sum(new long[] {-1}, false, null), 2);
        return weights.unsqueeze(-1).mul(values).sum(new long[] {2}, false, null);
    }

    /** For every slot a running softmax average of keys and one of values. */
    @Override
    public MixerState state(long batch) {
        if (!sizes().causal()) {
            return super.state(batch);
        }
        return new TensorState(batch, () -> {
            SoftmaxState empty = SoftmaxState.empty(batch, sizes().heads() * slots, sizes().headWidth(),
                    like().detach().options());
            return List.of(empty.maximum(), empty.normaliser(), empty.weighted(), empty.maximum(), empty.normaliser(),
                    empty.weighted());
        });
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        TensorState held = (TensorState) state;
        if (held.count() == 2) {
            return super.prefill(x, state);
        }
        try (NoGradGuard _ = new NoGradGuard()) {
            Call call = source(x, Optional.empty(), false);
            Tensor keyScores = scores(call.k(), compressKeys, Optional.empty());
            Tensor valueScores = scores(call.v(), compressValues, Optional.empty());
            Tensor keys = extend(keyScores, call.k(), held, 0);
            Tensor values = extend(valueScores, call.v(), held, 3);
            held.advance(x.size(1));
            return output(read(queries(x), keys, values));
        }
    }

    private Tensor extend(Tensor scores, Tensor x, TensorState held, int index) {
        Tensor flat = scores.flatten(1, 2); // (B, H C, N)
        SoftmaxState before = new SoftmaxState(held.get(index), held.get(index + 1), held.get(index + 2));
        SoftmaxScan.Result result = SoftmaxScan.scan(flat, repeated(x), before, Form.AUTO);
        Tensor content = memory == Memory.AVERAGE ? result.out().unflatten(1, sizes().heads(), slots)
                : share(flat, before).unflatten(1, sizes().heads(), slots).unsqueeze(-1).mul(x.unsqueeze(2));
        held.set(index, result.states().maximum());
        held.set(index + 1, result.states().normaliser());
        held.set(index + 2, result.states().weighted());
        return content;
    }

    /** The newest token's share of all so far, those of {@code before} included: (B, H C, N). */
    private static Tensor share(Tensor scores, SoftmaxState before) {
        Tensor earlier = before.normaliser().log().add(before.maximum()).unsqueeze(-1); // -inf where there are none
        return scores.sub(Ops.cat(2, earlier, scores).logcumsumexp(2).narrow(2, 1, scores.size(2))).exp();
    }
}
