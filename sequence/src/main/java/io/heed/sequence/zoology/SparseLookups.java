package io.heed.sequence.zoology;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.nn.ComposedAttention;
import io.heed.nn.Form;
import io.heed.nn.FusedAttention;
import io.heed.nn.Heads;
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
 * Attention at the positions that ask for it: a gate s_t = sigmoid(w . x_t) decides where the sequence is searched.
 *
 * <pre>
 *   a = attention(x) W,   in training       y_t = s_t a_t + x_t,   with the loss  penalty * relu(mean(s) - n / N)
 *                         in evaluation     y_t = s_t a_t + x_t  at the n positions of the highest gates,  x_t
 *                         elsewhere
 * </pre>
 *
 * <p>n is a number, or the square root of N. In evaluation keys and values of all tokens are computed, but only the
 * selected rows search: 4 n N d operations instead of 4 N^2 d. With {@link Selection#RUNNING} a token is selected by
 * what came before, so that the mixer stays causal and can decode.
 *
 * <p>Parameters {@code Wqkv.* (3D, D)}, {@code selecting.weight (1, D)}, {@code out_proj.* (D, D)}.
 */
public final class SparseLookups extends SequenceMixer {
    /**
     * @param width     D
     * @param heads     H
     * @param lookups   n, or 0 for the square root of N
     * @param penalty   weight of the auxiliary loss
     * @param selection who is selected in evaluation
     * @param layers    of the whole model
     */
    record Config(long width, int heads, int lookups, double penalty, Selection selection, int layers) { }

    private final Config config;
    private final LinearImpl packed;
    private final LinearImpl selecting;
    private final LinearImpl out;

    /** Builds it with fresh weights. */
    public SparseLookups(MixerConfig config) {
        this(new Config(config.width(), config.heads(), MixerOptions.of(config).integer("lookups", 0),
                MixerOptions.of(config).number("penalty", 0.1),
                MixerOptions.of(config).choice("selection", Selection.class, Selection.RUNNING), config.layers()));
    }

    SparseLookups(Config config) {
        super("SparseLookups");
        if (config.lookups < 0 || config.width % config.heads != 0) {
            throw new IllegalArgumentException("lookups " + config.lookups + " must not be negative, and width "
                    + config.width + " must be a multiple of " + config.heads + " heads");
        }
        this.config = config;
        packed = register_module("Wqkv", Initialisation.linear(config.width, 3 * config.width, true));
        selecting = register_module("selecting", Initialisation.linear(config.width, 1, false));
        out = register_module("out_proj", Initialisation.residual(config.width, config.width, true, config.layers));
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
        Tensor gates = selecting.forward(x).sigmoid(); // (B, N, 1)
        if (is_training()) {
            context.addLoss(penalty(gates, context.padding()));
            return attention(x, context).mul(gates).add(x);
        }
        int[][] selected = selected(gates, context.padding());
        return context.form() == Form.REFERENCE ? masked(x, gates, selected, context)
                : sparse(x, gates, selected, context.padding());
    }

    /** penalty * relu(mean(s) - n / N), over real tokens. */
    private Tensor penalty(Tensor gates, Optional<Padding> padding) {
        long tokens = padding.map(p -> p.mask().logical_not().sum().item_long()).orElse(gates.numel());
        Tensor sum = padding.map(p -> Ops.fill(gates, p.mask().unsqueeze(-1), 0)).orElse(gates).sum();
        int length = (int) gates.size(1);
        double share = config.lookups > 0 ? config.lookups / (double) length : 1 / Math.sqrt(length);
        return Ops.scale(Ops.shift(sum.div(new Scalar(Math.max(1, tokens))), -share).relu(), config.penalty);
    }

    private Tensor attention(Tensor x, MixerContext context) {
        Tensor[] qkv = Heads.unpack(packed.forward(x), config.heads, config.heads);
        AttentionSpec causal = AttentionSpec.softmax().withMask(Mask.causal());
        AttentionSpec spec = context.padding().map(Padding::keys).map(causal::withPadding).orElse(causal);
        Tensor attended = context.form().isFused(x) ? FusedAttention.apply(qkv[0], qkv[1], qkv[2], spec)
                : ComposedAttention.apply(qkv[0], qkv[1], qkv[2], spec);
        return out.forward(Heads.merge(attended));
    }

    private int[][] selected(Tensor gates, Optional<Padding> padding) {
        float[] scores = Ops.floats(padding.map(p -> Ops.fill(gates, p.mask().unsqueeze(-1), -1)).orElse(gates));
        int length = (int) gates.size(1);
        int[][] selected = new int[(int) gates.size(0)][];
        for (int b = 0; b < selected.length; b++) {
            float[] row = Arrays.copyOfRange(scores, b * length, (b + 1) * length);
            selected[b] = config.selection.positions(row, config.lookups);
        }
        return selected;
    }

    /** The definition: attention everywhere, kept at the selected positions. */
    private Tensor masked(Tensor x, Tensor gates, int[][] selected, MixerContext context) {
        int length = (int) x.size(1);
        boolean[] kept = new boolean[selected.length * length];
        for (int b = 0; b < selected.length; b++) {
            for (int position : selected[b]) {
                kept[b * length + position] = true;
            }
        }
        Tensor mask = Ops.of(kept, x.size(0), length, 1).to(x.device(), torch.ScalarType.Bool);
        return attention(x, context).mul(gates).mul(mask).add(x);
    }

    /** The same, where only the selected rows make queries. */
    private Tensor sparse(Tensor x, Tensor gates, int[][] selected, Optional<Padding> padding) {
        int rows = 0;
        for (int[] positions : selected) {
            rows = Math.max(rows, positions.length);
        }
        if (rows == 0) {
            return x.clone();
        }
        long[] index = new long[selected.length * rows];
        float[] used = new float[index.length];
        for (int b = 0; b < selected.length; b++) {
            for (int i = 0; i < selected[b].length; i++) {
                index[b * rows + i] = selected[b][i];
                used[b * rows + i] = 1; // a shorter selection repeats position 0 with weight 0
            }
        }
        Tensor at = Ops.of(index, x.size(0), rows, 1).to(x.device(), torch.ScalarType.Long); // (B, n, 1)
        Tensor weight = gates.gather(1, at, false).mul(Ops.of(used, x.size(0), rows, 1).to(x.device(), Ops.type(x)));
        Tensor channels = at.expand(x.size(0), rows, x.size(2));
        Tensor q = Heads.split(torch.linear(x.gather(1, channels, false), weights(0, 1), biases(0, 1)), config.heads);
        Tensor[] kv = keysAndValues(x);
        Tensor later = torch.arange(new Scalar(x.size(1)), at.options()).gt(at).unsqueeze(1); // (B, 1, n, N)
        Tensor hidden = padding.map(p -> later.logical_or(p.mask().unsqueeze(1).unsqueeze(1))).orElse(later);
        Tensor logits = Ops.scale(q.matmul(kv[0].transpose(2, 3)), 1 / Math.sqrt(q.size(3)));
        Tensor attended = Ops.maskedSoftmax(Ops.fill(logits, hidden, Double.NEGATIVE_INFINITY), -1).matmul(kv[1]);
        return x.scatter_add(1, channels, out.forward(Heads.merge(attended)).mul(weight));
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
            Tensor[] kv = keysAndValues(x.unsqueeze(1));
            held.cache().append(kv[0], kv[1]);
            Tensor gates = selecting.forward(x).sigmoid(); // (B, 1)
            float[] scores = Ops.floats(gates);
            float[] selected = new float[scores.length];
            boolean any = false;
            for (int b = 0; b < scores.length; b++) {
                boolean chosen = held.selects(b, scores[b], config.lookups);
                selected[b] = chosen ? 1 : 0;
                any |= chosen;
            }
            if (!any) {
                return x.clone();
            }
            Tensor q = Heads.split(torch.linear(x.unsqueeze(1), weights(0, 1), biases(0, 1)), config.heads);
            Tensor attended = ComposedAttention.apply(q, held.cache().keys(), held.cache().values(),
                    AttentionSpec.softmax());
            Tensor share = gates.mul(Ops.of(selected, selected.length, 1).to(x.device(), Ops.type(x)));
            return out.forward(Heads.merge(attended)).squeeze(1).mul(share).add(x);
        }
    }

    private Tensor[] keysAndValues(Tensor x) {
        List<Tensor> heads = new ArrayList<>();
        Tensor both = torch.linear(x, weights(1, 2), biases(1, 2));
        for (long part = 0; part < 2; part++) {
            heads.add(Heads.split(both.narrow(-1, part * config.width, config.width), config.heads));
        }
        return heads.toArray(Tensor[]::new);
    }

    private Tensor weights(long part, long count) {
        return packed.weight().narrow(0, part * config.width, count * config.width);
    }

    private TensorOptional biases(long part, long count) {
        return new TensorOptional(packed.bias().narrow(0, part * config.width, count * config.width));
    }
}
