package io.heed.insight;

import org.bytedeco.pytorch.Tensor;

import io.heed.nn.AttentionObserver;
import io.heed.sequence.LanguageModel;

/** A language model that lets an observer look on: what a {@link Probe} works with, wherever the model comes from. */
public interface ProbedModel {
    /** L, layers. */
    int layers();

    /** H, query heads of each layer. */
    int heads();

    /** V, tokens that it knows. */
    int vocabulary();

    /** Whether no position sees later ones. */
    boolean causal();

    /**
     * Logits of the next token at every position, in evaluation mode and without a gradient graph.
     *
     * @param tokens   (B, N) int64
     * @param observer called in each layer
     * @return (B, N, V)
     */
    Tensor logits(Tensor tokens, AttentionObserver observer);

    /** A model of Heed's own. */
    static ProbedModel of(LanguageModel model) {
        return new ProbedLanguageModel(model);
    }
}
