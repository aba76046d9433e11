package io.heed.sequence.landmark;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Form;
import io.heed.nn.GptMlp;
import io.heed.nn.Initialisation;
import io.heed.nn.Norm;
import io.heed.nn.Registration;

/**
 * The paper's language model: a GPT-2 with landmark attention and rotary positions; the embedding is also the head.
 *
 * <p>Parameters {@code transformer.wte.weight (V, D)}, {@code transformer.h.{l}.ln_1.*}, {@code .attn.*} as in
 * {@link LandmarkLayer}, {@code .ln_2.*}, {@code .mlp.c_fc.* (4 D, D)}, {@code .mlp.c_proj.* (D, 4 D)},
 * {@code transformer.ln_f.*}.
 */
public final class LandmarkModel extends Module {
    /** A target of this value does not count. */
    public static final long IGNORED = -1;

    /** One pre-norm block. */
    private static final class Layer extends Module {
        final Norm attentionNorm;
        final LandmarkLayer attention;
        final Norm mlpNorm;
        final GptMlp mlp;

        Layer(LandmarkConfig config) {
            super("Layer");
            attentionNorm = register_module("ln_1", new Norm.Layer(config.width(), config.epsilon(), config.bias()));
            attention = register_module("attn", new LandmarkLayer(config));
            mlpNorm = register_module("ln_2", new Norm.Layer(config.width(), config.epsilon(), config.bias()));
            mlp = register_module("mlp", new GptMlp(config.width(), 4 * config.width(), config.bias(), true,
                    config.layers()));
        }

        Tensor mlp(Tensor x) {
            return x.add(mlp.forward(mlpNorm.forward(x)));
        }
    }

    private final LandmarkConfig config;
    private final int landmark;
    private final EmbeddingImpl embedding;
    private final List<Layer> layers = new ArrayList<>();
    private final Norm norm;

    /**
     * @param vocabulary V, the landmark included
     * @param landmark   id of the landmark token
     */
    public LandmarkModel(LandmarkConfig config, int vocabulary, int landmark) {
        super("LandmarkModel");
        if (landmark < 0 || landmark >= vocabulary) {
            throw new IllegalArgumentException("landmark " + landmark + " is not one of " + vocabulary + " tokens");
        }
        this.config = config;
        this.landmark = landmark;
        Module transformer = register_module("transformer", Registration.group());
        embedding = transformer.register_module("wte", new EmbeddingImpl(vocabulary, config.width()));
        Initialisation.truncatedNormal(embedding.weight(), Initialisation.DEVIATION);
        ModuleListImpl list = transformer.register_module("h", new ModuleListImpl());
        for (int l = 0; l < config.layers(); l++) {
            Layer layer = new Layer(config);
            list.push_back(layer);
            layers.add(layer);
        }
        norm = transformer.register_module("ln_f", new Norm.Layer(config.width(), config.epsilon(), config.bias()));
    }

    /** What it was built from. */
    public LandmarkConfig config() {
        return config;
    }

    /** Id of the landmark token. */
    public int landmark() {
        return landmark;
    }

    /** Token ids (B, N), landmarks among them, to logits (B, N, V). */
    public Tensor forward(Tensor tokens, Form form) {
        Landmarks landmarks = Landmarks.of(tokens.eq(new Scalar(landmark)));
        Tensor h = embedding.forward(tokens);
        for (Layer layer : layers) {
            h = layer.mlp(h.add(layer.attention.forward(layer.attentionNorm.forward(h), landmarks, null, form)));
        }
        return logits(h);
    }

    /** Cross-entropy in nats, the mean over targets (B, N) that are not {@link #IGNORED}. */
    public static Tensor loss(Tensor logits, Tensor targets) {
        Tensor wanted = targets.flatten();
        Tensor counted = wanted.ne(new Scalar(IGNORED)).nonzero().squeeze(1);
        return torch.cross_entropy_loss(logits.flatten(0, 1).index_select(0, counted), wanted.index_select(0, counted));
    }

    /** The next tokens, landmarks among them, with one cache a layer: ids (B, n) to logits (B, n, V). */
    Tensor read(Tensor tokens, List<LandmarkCache> caches) {
        Landmarks landmarks = Landmarks.of(tokens.eq(new Scalar(landmark)));
        Tensor h = embedding.forward(tokens);
        for (int l = 0; l < layers.size(); l++) {
            Layer layer = layers.get(l);
            h = layer.mlp(h.add(layer.attention.read(layer.attentionNorm.forward(h), landmarks, caches.get(l))));
        }
        return logits(h);
    }

    private Tensor logits(Tensor h) {
        return torch.linear(norm.forward(h), embedding.weight());
    }
}
