package io.heed.sequence.combiner;

import java.util.Set;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.Form;
import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;

/**
 * Combiner attention in any of its layouts; see the package.
 *
 * <p>Parameters {@code query.kernel}, {@code key.kernel}, {@code value.kernel (D, H, d)}, {@code DenseGeneral_0.kernel
 * (H, d, D)}, the output; in the row-major layout {@code DenseGeneral_0.kernel (H, d, D)} of the rows' attention,
 * {@code LayerNorm_0.scale}, {@code LayerNorm_0.bias (D)}, {@code DenseGeneral_1.kernel (D, H, d)} of the groups' keys
 * and {@code DenseGeneral_2.kernel}, the output. If asked, a {@code bias} beside each kernel, and {@link Grouping}'s.
 */
public final class CombinerAttention extends SequenceMixer {
    static final double EPSILON = 1e-6;

    private final CombinerConfig config;
    private final DenseGeneral query;
    private final DenseGeneral key;
    private final DenseGeneral value;
    private final DenseGeneral output;
    private final Grouping grouping;
    private final RowMajor rowMajor;

    /** Builds it with fresh weights. */
    public CombinerAttention(CombinerConfig config) {
        super("CombinerAttention");
        this.config = config;
        double last = Initialisation.DEVIATION / Math.sqrt(2.0 * config.layers());
        query = register_module("query", intoHeads());
        key = register_module("key", intoHeads());
        value = register_module("value", intoHeads());
        boolean rows = config.layout() == CombinerConfig.Layout.AXIAL_ROW_MAJOR;
        boolean lists = config.layout() == CombinerConfig.Layout.FIXED
                || config.layout() == CombinerConfig.Layout.LOG_SPARSE;
        grouping = lists && config.summaries()
                ? new Grouping(this, config.activation(), config.pooling(), config.headWidth()) : null;
        rowMajor = rows ? new RowMajor(this, config) : null;
        output = register_module(rows ? "DenseGeneral_2" : "DenseGeneral_0", DenseGeneral.fromHeads(last,
                config.heads(), config.headWidth(), config.width(), config.bias()));
    }

    private DenseGeneral intoHeads() {
        return DenseGeneral.toHeads(Initialisation.DEVIATION, config.width(), config.heads(), config.headWidth(),
                config.bias());
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
        return output.fromHeads(heads(tokens(x), context.padding().orElse(null), context.form()));
    }

    private Decoder.Tokens tokens(Tensor x) {
        return new Decoder.Tokens(x, Ops.scale(query.toHeads(x), 1 / Math.sqrt(config.headWidth())), key.toHeads(x),
                value.toHeads(x));
    }

    /** (B, H, N, d). */
    private Tensor heads(Decoder.Tokens t, Padding padding, Form form) {
        return switch (config.layout()) {
            case FIXED, LOG_SPARSE -> ListedCombiner.apply(config, grouping, t.q(), t.k(), t.v(), padding, form);
            case AXIAL_MIXTURE -> {
                Grid grid = Grid.of(config.segment(), t.q(), t.k(), t.v(), padding);
                yield onTokens(config.causal() ? AxialMixture.causal(grid, config.running())
                        : AxialMixture.bidirectional(grid, config.running()), t);
            }
            case AXIAL_ROW_MAJOR -> onTokens(rowMajor.apply(t.x(),
                    Grid.of(config.segment(), t.q(), t.k(), t.v(), padding), config.causal()), t);
        };
    }

    private static Tensor onTokens(Tensor grid, Decoder.Tokens tokens) {
        return grid.flatten(2, 3).narrow(2, 0, tokens.count());
    }

    @Override
    public MixerState state(long batch) {
        if (!config.causal()) {
            throw new UnsupportedOperationException("combiner that is not causal cannot decode step by step");
        }
        return decoder().state(batch);
    }

    private Decoder decoder() {
        Tensor like = query.kernel(); // outlives the states
        return switch (config.layout()) {
            case FIXED -> new FixedDecoder(config, grouping, like);
            case LOG_SPARSE -> new LogSparseDecoder(config, grouping, like);
            case AXIAL_MIXTURE -> new MixtureDecoder(config, like);
            case AXIAL_ROW_MAJOR -> new RowMajorDecoder(config, rowMajor, like);
        };
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            return output.fromHeads(decoder().step(state, tokens(x.unsqueeze(1)))).squeeze(1);
        }
    }

    /** A prompt at once; what continues one step by step, as groups end within it. */
    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        if (state.position() > 0) {
            return super.prefill(x, state);
        }
        try (NoGradGuard _ = new NoGradGuard()) {
            Decoder.Tokens tokens = tokens(x);
            decoder().load(state, tokens);
            return output.fromHeads(heads(tokens, null, Form.AUTO));
        }
    }
}
