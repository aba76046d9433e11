package io.heed.sequence.based;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.sequence.BackboneState;
import io.heed.sequence.MixerContext;
import io.heed.sequence.SequenceMixer;

/**
 * The paper's language model: an embedding that is also the head, and the hybrid stack. It adds no positions: order
 * comes from the convolutions and the window.
 *
 * <p>Parameters {@code embeddings.weight (V', D)}, V' the vocabulary up to a multiple of 8, {@code backbone.*}: see
 * {@link BasedStack}.
 */
public final class BasedModel extends Module {
    private static final int VOCABULARY_MULTIPLE = 8;

    /**
     * What it is built from.
     *
     * @param vocabulary   V
     * @param width        D
     * @param layers       blocks
     * @param heads        H of linear attention and window
     * @param featureWidth f of linear attention
     * @param window       w; a token sees w / 2 earlier ones
     * @param hidden       I of the MLPs
     */
    public record Config(int vocabulary, long width, int layers, int heads, long featureWidth, int window,
            long hidden) {
        /** The released model of 360M parameters. */
        public static Config of360M() {
            return new Config(50_257, 1024, 27, 16, 16, 256, 2048);
        }
    }

    private final Config config;
    private final EmbeddingImpl embedding;
    private final BasedStack stack;

    public BasedModel(Config config) {
        super("BasedModel");
        this.config = config;
        long padded = (config.vocabulary() + VOCABULARY_MULTIPLE - 1L) / VOCABULARY_MULTIPLE * VOCABULARY_MULTIPLE;
        embedding = register_module("embeddings", new EmbeddingImpl(padded, config.width()));
        Initialisation.truncatedNormal(embedding.weight(), Initialisation.DEVIATION);
        List<SequenceMixer> mixers = new ArrayList<>();
        for (int l = 0; l < config.layers(); l++) {
            mixers.add(mixer(l));
        }
        stack = register_module("backbone", new BasedStack(mixers, config.width(), config.hidden()));
    }

    private SequenceMixer mixer(int layer) {
        return switch (BasedMixers.at(layer, config.layers())) {
            case TAYLOR, HYBRID -> new TaylorLinearAttention(TaylorLinearAttention.Config.of(config.width(),
                    config.heads(),
                    config.featureWidth(), config.layers()));
            case WINDOW -> new SlidingAttention(new SlidingAttention.Config(config.width(), config.heads(),
                    config.window() / 2,
                    config.width() / config.heads(), false, config.layers()));
            case CONV -> new GatedConvolution(GatedConvolution.Config.of(config.width(), config.layers()));
        };
    }

    /** Token ids (B, N) to logits (B, N, V). */
    public Tensor forward(Tensor tokens, MixerContext context) {
        return logits(stack.forward(embedding.forward(tokens), context));
    }

    /** Empty states for {@code batch} sequences. */
    public BackboneState state(long batch) {
        return stack.state(batch);
    }

    /** The next tokens of each sequence, ids (B, N) to logits (B, N, V), without a gradient graph. */
    public Tensor prefill(Tensor tokens, BackboneState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            return logits(stack.prefill(embedding.forward(tokens), state));
        }
    }

    private Tensor logits(Tensor hidden) {
        return torch.linear(hidden, embedding.weight()).narrow(-1, 0, config.vocabulary());
    }
}
