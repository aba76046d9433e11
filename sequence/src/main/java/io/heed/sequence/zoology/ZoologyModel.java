package io.heed.sequence.zoology;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Norm;
import io.heed.nn.Registration;
import io.heed.sequence.BackboneState;
import io.heed.sequence.MixerContext;
import io.heed.sequence.SequenceMixer;

/**
 * The paper's language model, whose layers may each have another mixer. It carries a pair (h, r) through the layers:
 *
 * <pre>
 *   r += dropout(h);  h = mixer(LN r);  r += dropout(h);  h = state(LN r)        and at the end  logits = head(LN(h +
 *   r))
 * </pre>
 *
 * <p>The state mixer is an MLP of hidden width 4D, or the identity in the synthetic runs. Learned positions are
 * optional, up to a longest length.
 *
 * <p>Parameters {@code backbone.embeddings.word_embeddings.weight (V, D)}, {@code .position_embeddings.weight (L, D)},
 * {@code backbone.layers.{l}.sequence_mixer.mixer.*}, {@code .norm1.*}, {@code .norm2.*},
 * {@code .state_mixer.fc1|fc2.*}, {@code backbone.ln_f.*}, {@code lm_head.weight (V, D)}, the embedding's own where
 * tied.
 */
final class ZoologyModel extends Module {
    /**
     * @param vocabulary V
     * @param width      D
     * @param layers     blocks
     * @param positions  L, longest length; 0 for no positions
     * @param mlp        whether the state mixer is an MLP
     * @param tied       whether the head shares the embedding's weights
     * @param epsilon    of the norms
     * @param dropout    in training; the first layer's is on the embedding
     */
    record Config(int vocabulary, long width, int layers, int positions, boolean mlp, boolean tied, double epsilon,
                  double dropout) { }

    /** Makes the mixer of a layer. */
    @FunctionalInterface
    interface MixerAt {
        SequenceMixer build(int layer);
    }

    private final Config config;
    private final EmbeddingImpl words;
    private final EmbeddingImpl positions;
    private final List<Layer> layers = new ArrayList<>();
    private final Norm norm;
    private final Tensor head;

    ZoologyModel(Config config, MixerAt mixers) {
        super("ZoologyModel");
        this.config = config;
        Module backbone = Registration.group();
        Module embeddings = Registration.group();
        words = embedding(config.vocabulary);
        embeddings.register_module("word_embeddings", words);
        positions = config.positions == 0 ? null : embedding(config.positions);
        if (positions != null) {
            embeddings.register_module("position_embeddings", positions);
        }
        backbone.register_module("embeddings", embeddings);
        ModuleListImpl list = backbone.register_module("layers", new ModuleListImpl());
        for (int l = 0; l < config.layers; l++) {
            Layer layer = new Layer(config, mixers.build(l));
            list.push_back(layer);
            layers.add(layer);
        }
        norm = backbone.register_module("ln_f", new Norm.Layer(config.width, config.epsilon));
        register_module("backbone", backbone);
        Module last = Registration.group();
        head = Registration.parameter(last, "weight", config.tied ? words.weight()
                : Initialisation.truncatedNormal(torch.empty(config.vocabulary, config.width),
                Initialisation.DEVIATION));
        register_module("lm_head", last);
    }

    private EmbeddingImpl embedding(int rows) {
        EmbeddingImpl table = new EmbeddingImpl(rows, config.width);
        Initialisation.truncatedNormal(table.weight(), Initialisation.DEVIATION);
        return table;
    }

    /**
     * Token ids (B, N) to logits (B, N, V).
     *
     * @throws IllegalArgumentException for more tokens than there are positions
     */
    Tensor forward(Tensor tokens, MixerContext context) {
        Tensor h = embed(tokens, 0);
        Tensor r = null;
        for (Layer layer : layers) {
            Tensor dropped = layer.drop(h);
            r = r == null ? dropped : r.add(dropped);
            r = r.add(layer.drop(layer.mix(layer.norm1.forward(r), tokens, context)));
            h = layer.stateMixer(layer.norm2.forward(r));
        }
        return logits(r == null ? h : h.add(r));
    }

    /** Mean cross-entropy in nats over labels (B, N) that are not {@code ignored}. */
    static Tensor loss(Tensor logits, Tensor labels, long ignored) {
        Tensor targets = labels.flatten();
        Tensor labelled = targets.ne(new Scalar(ignored)).nonzero().squeeze(1);
        return torch.cross_entropy_loss(logits.flatten(0, 1).index_select(0, labelled),
                targets.index_select(0, labelled));
    }

    /** Empty states of all layers. */
    BackboneState state(long batch) {
        return new BackboneState(layers.stream().map(layer -> layer.mixer).toList(), batch);
    }

    /** Tokens (B, N) that continue {@code state}: logits (B, N, V), without a gradient graph. */
    Tensor prefill(Tensor tokens, BackboneState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor h = embed(tokens, state.position());
            Tensor r = torch.zeros_like(h);
            for (int l = 0; l < layers.size(); l++) {
                Layer layer = layers.get(l);
                r = r.add(h);
                r = r.add(layer.mixer.prefill(layer.norm1.forward(r), state.layer(l)));
                h = layer.stateMixer(layer.norm2.forward(r));
            }
            return logits(h.add(r));
        }
    }

    private Tensor embed(Tensor tokens, long first) {
        Tensor h = words.forward(tokens);
        if (positions == null) {
            return h;
        }
        if (first + tokens.size(1) > config.positions) {
            throw new IllegalArgumentException("the model has " + config.positions + " positions, not "
                    + (first + tokens.size(1)) + ": shorten the input");
        }
        return h.add(positions.weight().narrow(0, first, tokens.size(1)));
    }

    private Tensor logits(Tensor h) {
        return torch.linear(norm.forward(h), head);
    }

    /** One layer; {@link ZoologyModel#forward} runs it. */
    private static final class Layer extends Module {
        private final SequenceMixer mixer;
        private final Norm norm1;
        private final Norm norm2;
        private final LinearImpl fc1;
        private final LinearImpl fc2;
        private final double dropout;

        private Layer(Config config, SequenceMixer mixer) {
            super("Layer");
            this.mixer = mixer;
            dropout = config.dropout;
            register_module("sequence_mixer", Registration.group()).register_module("mixer", mixer);
            norm1 = register_module("norm1", new Norm.Layer(config.width, config.epsilon));
            norm2 = register_module("norm2", new Norm.Layer(config.width, config.epsilon));
            fc1 = config.mlp ? Initialisation.linear(config.width, 4 * config.width, true) : null;
            fc2 = config.mlp ? Initialisation.residual(4 * config.width, config.width, true, config.layers) : null;
            if (config.mlp) {
                Module state = register_module("state_mixer", Registration.group());
                state.register_module("fc1", fc1);
                state.register_module("fc2", fc2);
            }
        }

        private Tensor mix(Tensor x, Tensor tokens, MixerContext context) {
            return mixer instanceof OracleLookups oracle ? oracle.forward(x, tokens, context)
                    : mixer.forward(x, context);
        }

        private Tensor stateMixer(Tensor x) {
            return fc1 == null ? x : fc2.forward(torch.gelu(fc1.forward(x)));
        }

        private Tensor drop(Tensor x) {
            return dropout > 0 && is_training() ? torch.dropout(x, dropout, true) : x;
        }
    }
}
