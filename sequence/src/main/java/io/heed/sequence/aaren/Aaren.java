package io.heed.sequence.aaren;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.nn.AttentionCall;
import io.heed.nn.Form;
import io.heed.nn.Heads;
import io.heed.nn.Padding;
import io.heed.nn.Registration;
import io.heed.nn.SoftmaxScan;
import io.heed.nn.SoftmaxState;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * Aaren's mixer: output t is softmax attention of a learned query over the tokens 1 to t. Its state is one
 * {@link SoftmaxState} a head, whatever the number of tokens.
 *
 * <p>Parameters {@code query (D)}, {@code q_proj.*}, {@code k_proj.*}, {@code v_proj.*}, {@code out_proj.*}, weights
 * (D, D) and biases (D). Fresh projections are Xavier-uniform with biases 0 and the query standard normal.
 */
public final class Aaren extends SequenceMixer {
    /** Two equal ways to the scores. */
    public enum Keys {
        /** Keys are computed: s_t = q . (Wk x_t + bk) / sqrt(d). */
        PROJECTED,
        /** The query goes through the key projection instead: s_t = (x_t . Wk^T q + q . bk) / sqrt(d). */
        FOLDED
    }

    private final int heads;
    private final long headWidth;
    private final Keys keys;
    private final Tensor query;
    private final LinearImpl queryProjection;
    private final LinearImpl keyProjection;
    private final LinearImpl valueProjection;
    private final LinearImpl outProjection;

    /** @throws IllegalArgumentException when the width is not a multiple of the heads */
    public Aaren(long width, int heads, Keys keys) {
        super("Aaren");
        if (heads < 1 || width % heads != 0) {
            throw new IllegalArgumentException("width " + width + " is not a multiple of " + heads + " heads");
        }
        this.heads = heads;
        this.headWidth = width / heads;
        this.keys = keys;
        query = Registration.parameter(this, "query", torch.randn(width));
        queryProjection = projection("q_proj", width);
        keyProjection = projection("k_proj", width);
        valueProjection = projection("v_proj", width);
        outProjection = projection("out_proj", width);
    }

    /**
     * Builds it for a backbone; the option {@code keys} is {@code folded} (the default) or {@code projected}.
     *
     * @throws IllegalArgumentException for a non-causal or grouped configuration
     */
    static Aaren of(MixerConfig config) {
        if (!config.causal()) {
            throw new IllegalArgumentException("aaren attends to prefixes only: it has no non-causal form");
        }
        if (config.keyValueHeads() != config.heads()) {
            throw new IllegalArgumentException("aaren has no grouped heads: key/value heads must be " + config.heads()
                    + ", got " + config.keyValueHeads());
        }
        return new Aaren(config.width(), config.heads(),
                MixerOptions.of(config).choice("keys", Keys.class, Keys.FOLDED));
    }

    private LinearImpl projection(String name, long width) {
        LinearImpl linear = register_module(name, new LinearImpl(width, width));
        try (NoGradGuard _ = new NoGradGuard()) {
            torch.xavier_uniform_(linear.weight());
            linear.bias().zero_();
        }
        return linear;
    }

    @Override
    public Set<Pattern> patterns() {
        return EnumSet.of(Pattern.CAUSAL_SELF);
    }

    /** Within a prefix the order of tokens makes no difference. */
    @Override
    public boolean carriesOrder() {
        return false;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        if (context.memory().isPresent()) {
            throw new UnsupportedOperationException("aaren attends to its own sequence, not to a memory");
        }
        Tensor scores = context.padding().map(padding -> hide(scores(x), padding)).orElseGet(() -> scores(x));
        Tensor values = values(x);
        Tensor out = context.watch(SoftmaxScan.outputs(scores, values, context.form()), () -> call(x, scores, values));
        return outProjection.forward(Heads.merge(out));
    }

    /** As an observer sees it: the one query at every position, against keys up to that position. */
    private AttentionCall call(Tensor x, Tensor scores, Tensor values) {
        Tensor keys = Heads.split(keyProjection.forward(x), heads);
        Tensor queries = queryProjection.forward(query).view(1, heads, 1, headWidth).expand_as(keys);
        return new AttentionCall(queries, keys, values, (from, count) -> {
            Tensor hidden = torch.ones(new long[] {count, scores.size(-1)}, Ops.options(ScalarType.Bool)).triu(from + 1)
                    .to(scores.device(), ScalarType.Bool);
            return Ops.maskedSoftmax(Ops.fill(scores.unsqueeze(2), hidden, Double.NEGATIVE_INFINITY), -1);
        });
    }

    /** Padded tokens are the merge's identity: a score of -inf, (B, H, N). */
    private static Tensor hide(Tensor scores, Padding padding) {
        return scores.masked_fill(padding.mask().unsqueeze(1), new Scalar(Double.NEGATIVE_INFINITY));
    }

    /** s, (B, H, N). */
    private Tensor scores(Tensor x) {
        Tensor q = queryProjection.forward(query).view(heads, headWidth, 1); // (H, d, 1)
        Tensor scores = switch (keys) {
            case PROJECTED -> Heads.split(keyProjection.forward(x), heads).matmul(q).squeeze(-1);
            case FOLDED -> {
                Tensor weight = keyProjection.weight().view(heads, headWidth, -1).transpose(1, 2); // (H, D, d)
                Tensor bias = keyProjection.bias().view(heads, 1, headWidth);
                Tensor folded = weight.matmul(q).squeeze(-1); // Wk^T q: (H, D)
                yield torch.linear(x, folded, bias.matmul(q).flatten()).transpose(1, 2);
            }
        };
        return scores.mul(new Scalar(1 / Math.sqrt(headWidth)));
    }

    /** v, (B, H, N, d), a view. */
    private Tensor values(Tensor x) {
        return Heads.split(valueProjection.forward(x), heads);
    }

    @Override
    public MixerState state(long batch) {
        return new TensorState(batch, () -> {
            SoftmaxState empty = SoftmaxState.empty(batch, heads, headWidth, query.options());
            return List.of(empty.maximum(), empty.normaliser(), empty.weighted());
        });
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    /** The chunk is scanned from the state: chunks of any lengths give what the whole sequence gives. */
    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        TensorState held = (TensorState) state;
        try (NoGradGuard _ = new NoGradGuard()) {
            SoftmaxState earlier = new SoftmaxState(held.get(0), held.get(1), held.get(2));
            SoftmaxScan.Result result = SoftmaxScan.scan(scores(x), values(x), earlier, Form.AUTO);
            held.set(0, result.states().maximum());
            held.set(1, result.states().normaliser());
            held.set(2, result.states().weighted());
            held.advance(x.size(1));
            return outProjection.forward(Heads.merge(result.out()));
        }
    }
}
