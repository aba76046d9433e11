package io.heed.sequence.combiner;

import java.util.Set;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Form;
import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.nn.Registration;
import io.heed.sequence.KeyValueCache;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;

/**
 * Combiner attention in any of its layouts; see the package. Decoding keeps the tokens' inputs and summarises them
 * anew: groups of running maxima cost no more than the keys that they stand for.
 *
 * <p>Parameters {@code query.kernel}, {@code key.kernel}, {@code value.kernel (D, H, d)}, {@code DenseGeneral_0.kernel
 * (H, d, D)}, the output; in the row-major layout {@code DenseGeneral_0.kernel (H, d, D)} of the rows' attention,
 * {@code LayerNorm_0.scale}, {@code LayerNorm_0.bias (D)}, {@code DenseGeneral_1.kernel (D, H, d)} of the groups' keys
 * and {@code DenseGeneral_2.kernel}, the output.
 */
public final class CombinerAttention extends SequenceMixer {
    static final double EPSILON = 1e-6;

    private final CombinerConfig config;
    private final DenseGeneral query;
    private final DenseGeneral key;
    private final DenseGeneral value;
    private final DenseGeneral output;
    private final RowGroups rowGroups;

    /** Builds it with fresh weights. */
    public CombinerAttention(CombinerConfig config) {
        super("CombinerAttention");
        this.config = config;
        long width = config.width();
        long headWidth = width / config.heads();
        double last = Initialisation.DEVIATION / Math.sqrt(2.0 * config.layers());
        query = register_module("query", new DenseGeneral(Initialisation.DEVIATION, width, config.heads(), headWidth));
        key = register_module("key", new DenseGeneral(Initialisation.DEVIATION, width, config.heads(), headWidth));
        value = register_module("value", new DenseGeneral(Initialisation.DEVIATION, width, config.heads(), headWidth));
        boolean rowMajor = config.layout() == CombinerConfig.Layout.AXIAL_ROW_MAJOR;
        rowGroups = rowMajor ? new RowGroups(this, config) : null;
        output = register_module(rowMajor ? "DenseGeneral_2" : "DenseGeneral_0",
                new DenseGeneral(last, config.heads(), headWidth, width));
    }

    /** Builds it for a backbone. */
    static CombinerAttention of(MixerConfig config) {
        return new CombinerAttention(CombinerConfig.of(config));
    }

    @Override
    public Set<Pattern> patterns() {
        return Set.of(config.causal() ? Pattern.CAUSAL_SELF : Pattern.NONCAUSAL_SELF);
    }

    /** Exact keys and groups are told apart by place, but not the tokens among them. */
    @Override
    public boolean carriesOrder() {
        return false;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        if (context.memory().isPresent()) {
            throw new UnsupportedOperationException("combiner attends to its own sequence, not to a memory");
        }
        return forward(x, context.padding().orElse(null), context.form());
    }

    private Tensor forward(Tensor x, Padding padding, Form form) {
        Tensor q = Ops.scale(query.toHeads(x), 1 / Math.sqrt((double) config.width() / config.heads()));
        Tensor k = key.toHeads(x);
        Tensor v = value.toHeads(x);
        return output.fromHeads(switch (config.layout()) {
            case FIXED, LOG_SPARSE -> ListedCombiner.apply(config, q, k, v, padding, form);
            case AXIAL_MIXTURE -> AxialCombiner.apply(config.segment(), q, k, v, padding);
            case AXIAL_ROW_MAJOR -> rowGroups.apply(x, q, k, v, padding);
        });
    }

    @Override
    public MixerState state(long batch) {
        if (!config.causal()) {
            throw new UnsupportedOperationException("combiner that is not causal cannot decode step by step");
        }
        return new KeyValueCache(batch);
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        KeyValueCache cache = (KeyValueCache) state;
        try (NoGradGuard _ = new NoGradGuard()) {
            cache.append(x.unsqueeze(1), x.unsqueeze(1).narrow(3, 0, 0)); // the inputs alone
            Tensor all = cache.keys().squeeze(1);
            return forward(all, null, Form.AUTO).narrow(1, all.size(1) - x.size(1), x.size(1));
        }
    }

    /** The row-major layout's groups: K' = LN(a W0 + x) W1 and a, the row's own attention, at every place. */
    private static final class RowGroups {
        private final int segment;
        private final double epsilon;
        private final DenseGeneral mixing;
        private final DenseGeneral groupKey;
        private final Tensor scale;
        private final Tensor bias;

        RowGroups(CombinerAttention owner, CombinerConfig config) {
            segment = config.segment();
            epsilon = config.epsilon();
            long width = config.width();
            long headWidth = width / config.heads();
            mixing = owner.register_module("DenseGeneral_0",
                    new DenseGeneral(Initialisation.DEVIATION, config.heads(), headWidth, width));
            Module norm = owner.register_module("LayerNorm_0", new Module("LayerNorm"));
            scale = Registration.parameter(norm, "scale", torch.ones(width));
            bias = Registration.parameter(norm, "bias", torch.zeros(width));
            groupKey = owner.register_module("DenseGeneral_1",
                    new DenseGeneral(Initialisation.DEVIATION, width, config.heads(), headWidth));
        }

        Tensor apply(Tensor x, Tensor q, Tensor k, Tensor v, Padding padding) {
            long length = q.size(2);
            long rows = (length + segment - 1) / segment;
            long missing = rows * segment - length;
            // (B, 1, n, S)
            Tensor hidden = AxialCombiner.grid(AxialCombiner.hidden(q, padding, rows * segment), rows, segment);
            Tensor queries = grid(q, missing, rows); // (B, H, n, S, d)
            Tensor keys = grid(k, missing, rows);
            Tensor values = grid(v, missing, rows);
            Tensor products = queries.matmul(keys.transpose(-2, -1)); // (B, H, n, S, S)
            Tensor inRow = Ops.maskedSoftmax(Ops.fill(products, hidden.unsqueeze(-2), Double.NEGATIVE_INFINITY), -1)
                    .matmul(values);
            Tensor flat = inRow.flatten(2, 3);
            Tensor filled = missing == 0 ? x
                    : Ops.cat(1, x, torch.zeros(new long[] {x.size(0), missing, x.size(2)}, x.options()));
            Tensor normed = torch.layer_norm(mixing.fromHeads(flat).add(filled), new long[] {x.size(2)},
                    new TensorOptional(scale), new TensorOptional(bias), epsilon, false);
            Tensor groupKeys = groupKey.toHeads(normed).unflatten(2, rows, segment);

            TensorOptions bool = Ops.options(torch.ScalarType.Bool);
            Tensor later = torch.ones(new long[] {segment, segment}, bool).triu(1)
                    .to(q.device(), torch.ScalarType.Bool);
            Tensor notAbove = torch.ones(new long[] {rows, rows}, bool).triu(0).to(q.device(), torch.ScalarType.Bool);
            Tensor own = Ops.fill(products, hidden.unsqueeze(-2).logical_or(later), Double.NEGATIVE_INFINITY);
            // (B, H, S, n, n)
            Tensor above = queries.transpose(2, 3).matmul(groupKeys.transpose(2, 3).transpose(-2, -1));
            Tensor groups = Ops.fill(above, hidden.transpose(2, 3).unsqueeze(-2).logical_or(notAbove),
                    Double.NEGATIVE_INFINITY).transpose(2, 3); // (B, H, n, S, n)
            Tensor weights = Ops.maskedSoftmax(Ops.cat(-1, own, groups), -1);
            Tensor out = weights.narrow(-1, 0, segment).matmul(values)
                    .add(weights.narrow(-1, segment, rows).transpose(2, 3)
                    .matmul(inRow.transpose(2, 3)).transpose(2, 3));
            return out.flatten(2, 3).narrow(2, 0, length);
        }

        private Tensor grid(Tensor x, long missing, long rows) {
            return AxialCombiner.grid(AxialCombiner.filled(x, missing), rows, segment);
        }
    }
}
