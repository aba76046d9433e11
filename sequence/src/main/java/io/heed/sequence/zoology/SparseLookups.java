package io.heed.sequence.zoology;

import java.util.Arrays;
import java.util.Optional;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.Form;
import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;

/**
 * Attention at the positions that ask for it: a weight s_t of a score w . x_t decides where the sequence is searched.
 *
 * <pre>
 *   a = attention(x) W,   in training       y_t = s_t a_t + x_t
 *                         in evaluation     y_t = s_t a_t + x_t  at the n positions of the highest s_t,  x_t elsewhere
 *   s_t = sigmoid(w . x_t),  with the loss  penalty * relu(mean(s) - n / N)
 *   s_t = softmax_t(w . x_t + b)            over the sequence, or over the tokens up to t
 * </pre>
 *
 * <p>n is a number, or the square root of N. In evaluation keys and values of all tokens are computed, but only the
 * selected rows search: 4 n N d operations instead of 4 N^2 d. With {@link Selection#RUNNING} a token is selected by
 * what came before, so that the mixer stays causal and can decode.
 *
 * <p>Parameters {@code Wqkv.* (3D, D)}, {@code selecting.weight (1, D)}, with the softmax {@code selecting.bias (1)},
 * {@code out_proj.* (D, D)}.
 */
public final class SparseLookups extends SequenceMixer {
    /**
     * @param width     D
     * @param heads     H
     * @param lookups   n, or 0 for the square root of N
     * @param gate      how scores become weights
     * @param penalty   weight of the auxiliary loss, with the sigmoid
     * @param selection who is selected in evaluation
     * @param layers    of the whole model
     */
    record Config(long width, int heads, int lookups, Gate gate, double penalty, Selection selection, int layers) {
        /** @throws IllegalArgumentException for sizes that do not fit */
        Config {
            if (lookups < 0 || width % heads != 0) {
                throw new IllegalArgumentException("lookups " + lookups + " must not be negative, and width "
                        + width + " must be a multiple of " + heads + " heads");
            }
        }
    }

    private final Config config;
    private final LookupAttention attention;
    private final LinearImpl selecting;

    /** Builds it with fresh weights and sigmoid gates. */
    public SparseLookups(MixerConfig config) {
        this(config(config, Gate.SIGMOID, MixerOptions.of(config).number("penalty", 0.1)));
    }

    SparseLookups(Config config) {
        super("SparseLookups");
        this.config = config;
        LinearImpl packed = register_module("Wqkv", Initialisation.linear(config.width, 3 * config.width, true));
        selecting = register_module("selecting", Initialisation.linear(config.width, 1, config.gate == Gate.SOFTMAX));
        LinearImpl out = register_module("out_proj",
                Initialisation.residual(config.width, config.width, true, config.layers));
        attention = new LookupAttention(config.heads, packed, out);
    }

    /** With weights that are a softmax over the tokens. */
    static SparseLookups selective(MixerConfig config) {
        return new SparseLookups(config(config, Gate.SOFTMAX, 0));
    }

    private static Config config(MixerConfig config, Gate gate, double penalty) {
        return new Config(config.width(), config.heads(), MixerOptions.of(config).integer("lookups", 0), gate, penalty,
                MixerOptions.of(config).choice("selection", Selection.class, Selection.RUNNING), config.layers());
    }

    @Override
    public Set<Pattern> patterns() {
        return Set.of(Pattern.CAUSAL_SELF);
    }

    @Override
    public boolean carriesOrder() {
        return false;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        Tensor scores = selecting.forward(x); // (B, N, 1)
        Tensor weights = config.gate.weights(scores, config.selection, context.padding());
        if (is_training()) {
            if (config.gate == Gate.SIGMOID) {
                context.addLoss(penalty(weights, context.padding()));
            }
            return attention.everywhere(x, context).mul(weights).add(x);
        }
        int[][] selected = selected(config.gate.ranks(scores), context.padding());
        return context.form() == Form.REFERENCE ? attention.masked(x, weights, selected, context)
                : attention.added(x, weights, selected, context.padding());
    }

    /** penalty * relu(mean(s) - n / N), over real tokens. */
    private Tensor penalty(Tensor gates, Optional<Padding> padding) {
        long tokens = padding.map(p -> p.mask().logical_not().sum().item_long()).orElse(gates.numel());
        Tensor sum = padding.map(p -> Ops.fill(gates, p.mask().unsqueeze(-1), 0)).orElse(gates).sum();
        int length = (int) gates.size(1);
        double share = config.lookups > 0 ? config.lookups / (double) length : 1 / Math.sqrt(length);
        return Ops.scale(Ops.shift(sum.div(new Scalar(Math.max(1, tokens))), -share).relu(), config.penalty);
    }

    private int[][] selected(Tensor ranks, Optional<Padding> padding) {
        float[] scores = Ops.floats(padding.map(p -> Ops.fill(ranks, p.mask().unsqueeze(-1),
                Double.NEGATIVE_INFINITY)).orElse(ranks));
        int length = (int) ranks.size(1);
        int[][] selected = new int[(int) ranks.size(0)][];
        for (int b = 0; b < selected.length; b++) {
            float[] row = Arrays.copyOfRange(scores, b * length, (b + 1) * length);
            selected[b] = config.selection.positions(row, config.lookups);
        }
        return selected;
    }

    @Override
    public MixerState state(long batch) {
        if (config.selection == Selection.SEQUENCE) {
            throw new UnsupportedOperationException(
                    "sparse lookups that select among the whole sequence cannot decode token by"
                    + " token: leave out selection=sequence");
        }
        return new LookupState(batch);
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            LookupState held = (LookupState) state;
            Tensor[] kv = attention.keysAndValues(x.unsqueeze(1));
            held.cache().append(kv[0], kv[1]);
            Tensor scores = selecting.forward(x); // (B, 1)
            float[] ranks = Ops.floats(config.gate.ranks(scores));
            float[] weights = config.gate == Gate.SIGMOID ? ranks : held.shares(ranks);
            float[] shares = new float[ranks.length];
            boolean any = false;
            for (int b = 0; b < ranks.length; b++) {
                boolean chosen = held.selects(b, ranks[b], config.lookups);
                shares[b] = chosen ? weights[b] : 0;
                any |= chosen;
            }
            if (!any) {
                return x.clone();
            }
            return attention.next(x, held.cache())
                    .mul(Ops.of(shares, shares.length, 1).to(x.device(), Ops.type(x))).add(x);
        }
    }
}
