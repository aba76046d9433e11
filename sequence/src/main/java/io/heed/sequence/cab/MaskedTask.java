package io.heed.sequence.cab;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

import io.heed.data.CounterRandom;
import io.heed.data.SequenceBatch;
import io.heed.data.Split;
import io.heed.data.TextData;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.MixerContext;
import io.heed.tensor.Ops;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

/**
 * Non-causal self-attention: filling in characters that were masked, 15 in 100. A stand-in for masked language models
 * of books. The metric is the perplexity of the masked characters.
 *
 * @param data  the text, in windows of N
 * @param batch B
 */
record MaskedTask(TextData data, int batch) implements Task<LanguageModel> {
    private static final double SHARE = 0.15;
    private static final int HELD_OUT = 6; // batches

    /** V: the characters and the mask. */
    int vocabulary() {
        return data.vocabularySize() + 1;
    }

    private SequenceBatch draw(Split split, long key) {
        long[] tokens = Ops.longs(data.sample(split, batch, key).tokens());
        long[] targets = new long[tokens.length];
        CounterRandom random = new CounterRandom(CounterRandom.key(key, 1));
        for (int i = 0; i < tokens.length; i++) {
            boolean masked = random.nextDouble() < SHARE;
            targets[i] = masked ? tokens[i] : SequenceBatch.IGNORED;
            tokens[i] = masked ? data.vocabularySize() : tokens[i];
        }
        return SequenceBatch.of(tokens, targets, batch, data.length());
    }

    @Override
    public String id() {
        return "masked";
    }

    @Override
    public Tensor loss(LanguageModel model, Step step) {
        return model.loss(draw(Split.TRAIN, step.key()));
    }

    @Override
    public Evaluation evaluate(LanguageModel model) {
        double loss = 0;
        for (int i = 0; i < HELD_OUT; i++) {
            try (PointerScope _ = new PointerScope()) {
                loss += model.crossEntropy(draw(Split.VALIDATION, CounterRandom.key(1, i)), MixerContext.plain())
                        .item_double()
                        / HELD_OUT;
            }
        }
        return Evaluation.of(loss, metric(), Math.exp(loss));
    }

    @Override
    public long tokensPerStep() {
        return (long) batch * data.length();
    }

    @Override
    public String metric() {
        return "perplexity";
    }

    @Override
    public boolean higherIsBetter() {
        return false;
    }
}
