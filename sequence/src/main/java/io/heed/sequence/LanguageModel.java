package io.heed.sequence;

import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.data.SequenceBatch;
import io.heed.nn.Initialisation;

/**
 * Token embedding, {@link Backbone}, and a head over the vocabulary.
 *
 * <p>Parameters {@code embedding.weight (V,D)}, {@code backbone.*}, and {@code head.weight (V,D)} unless tied.
 */
public final class LanguageModel extends Module {
    private final LanguageModelConfig config;
    private final Tensor embedding;
    private final Backbone backbone;
    private final LinearImpl head;

    /**
     * Builds the model with fresh weights from libtorch's default generator.
     *
     * @throws IllegalArgumentException when a mixer or one of its options is unknown, or sizes do not fit
     */
    public LanguageModel(LanguageModelConfig config) {
        super("LanguageModel");
        this.config = config;
        long width = config.backbone().width();
        backbone = new Backbone(config.backbone());
        EmbeddingImpl table = register_module("embedding", new EmbeddingImpl(config.vocabulary(), width));
        embedding = Initialisation.truncatedNormal(table.weight(), Initialisation.DEVIATION).retainReference();
        register_module("backbone", backbone);
        head = config.tied() ? null
                : register_module("head", Initialisation.linear(width, config.vocabulary(), false));
    }

    /** What it was built from. */
    public LanguageModelConfig config() {
        return config;
    }

    /** The stack between embedding and head. */
    public Backbone backbone() {
        return backbone;
    }

    /** Parameters, each shared one counted once. */
    public long parameterCount() {
        return Parameters.count(this);
    }

    /**
     * Logits of the next token at every position.
     *
     * @param tokens (B, N) int64
     * @return (B, N, V)
     */
    public Tensor forward(Tensor tokens, MixerContext context) {
        return logits(backbone.forward(embed(tokens), context));
    }

    /** {@link #forward(Tensor, MixerContext)} without padding. */
    public Tensor forward(Tensor tokens) {
        return forward(tokens, MixerContext.plain());
    }

    /**
     * Logits at some positions only, which spares the head's work at the others.
     *
     * @param tokens    (B, N) int64
     * @param positions (P) int64, indices b N + n
     * @return (P, V)
     */
    public Tensor forwardAt(Tensor tokens, Tensor positions, MixerContext context) {
        Tensor hidden = backbone.forward(embed(tokens), context).flatten(0, 1);
        return logits(hidden.index_select(0, positions.to(hidden.device(), ScalarType.Long)));
    }

    /**
     * Mean cross-entropy in nats over the positions that have a target, plus the mixers' auxiliary losses.
     *
     * @param batch tokens and targets (B, N); {@link SequenceBatch#IGNORED} where there is no target
     * @return a scalar
     */
    public Tensor loss(SequenceBatch batch) {
        MixerContext context = MixerContext.plain();
        Tensor loss = crossEntropy(batch, context);
        return context.loss().map(loss::add).orElse(loss);
    }

    /** Mean cross-entropy in nats over the positions that have a target, without auxiliary losses: a scalar. */
    public Tensor crossEntropy(SequenceBatch batch, MixerContext context) {
        Tensor targets = batch.targets().to(embedding.device(), ScalarType.Long).flatten();
        Tensor labelled = targets.ne(new Scalar(SequenceBatch.IGNORED)).nonzero().squeeze(1);
        if (labelled.numel() == targets.numel()) {
            return torch.cross_entropy_loss(forward(batch.tokens(), context).flatten(0, 1), targets);
        }
        return torch.cross_entropy_loss(forwardAt(batch.tokens(), labelled, context),
                targets.index_select(0, labelled));
    }

    /**
     * An empty state for decoding {@code batch} sequences side by side.
     *
     * @throws UnsupportedOperationException when a mixer is not causal
     */
    public BackboneState state(long batch) {
        return backbone.state(batch);
    }

    /** One more token of each sequence: tokens (B) to logits (B, V) of the next, without a gradient graph. */
    public Tensor step(Tensor tokens, BackboneState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            return logits(backbone.step(embed(tokens), state));
        }
    }

    /** A prompt (B, N), N at least 1, that continues {@code state}: logits (B, V) of the token after it. */
    public Tensor prefill(Tensor tokens, BackboneState state) {
        if (tokens.size(1) < 1) {
            throw new IllegalArgumentException("the prompt is empty: it needs at least one token");
        }
        try (NoGradGuard _ = new NoGradGuard()) {
            return logits(backbone.prefill(embed(tokens), state).select(1, -1));
        }
    }

    private Tensor embed(Tensor tokens) {
        return torch.embedding(embedding, tokens.to(embedding.device(), ScalarType.Long));
    }

    private Tensor logits(Tensor hidden) {
        return head == null ? torch.linear(hidden, embedding) : head.forward(hidden);
    }
}
