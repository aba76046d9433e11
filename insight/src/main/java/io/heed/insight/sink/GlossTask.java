package io.heed.insight.sink;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.data.CharacterVocabulary;
import io.heed.data.SequenceBatch;
import io.heed.data.Split;
import io.heed.data.TextCorpus;
import io.heed.data.TextData;
import io.heed.data.WordNet;
import io.heed.train.Evaluation;
import io.heed.train.Step;

/**
 * Predicting the characters of WordNet's glosses: natural text, whose windows begin anywhere.
 *
 * @param text the glosses in windows of {@link SinkMetric#LENGTH}
 */
record GlossTask(TextData text) implements SinkTask {
    private static final int BATCH = 32;
    private static final int TEXTS = 100;

    static GlossTask standard() {
        TextCorpus glosses = WordNet.glosses();
        return new GlossTask(new TextData(glosses, CharacterVocabulary.of(glosses.train()), SinkMetric.LENGTH));
    }

    @Override
    public String id() {
        return "glosses";
    }

    @Override
    public Tensor loss(SinkModel model, Step step) {
        return loss(model, text.sample(Split.TRAIN, BATCH, step.key()));
    }

    @Override
    public Evaluation evaluate(SinkModel model) {
        try (PointerScope _ = new PointerScope()) {
            return Evaluation.of(loss(model, heldOut()).item_double(), metric(), Double.NaN);
        }
    }

    @Override
    public SequenceBatch heldOut() {
        return text.window(Split.VALIDATION, 0, TEXTS);
    }

    @Override
    public int constant() {
        return -1;
    }

    private static Tensor loss(SinkModel model, SequenceBatch batch) {
        return torch.cross_entropy_loss(model.forward(batch.tokens()).flatten(0, 1), batch.targets().flatten());
    }

    @Override
    public long tokensPerStep() {
        return (long) BATCH * SinkMetric.LENGTH;
    }

    @Override
    public String metric() {
        return "loss";
    }

    @Override
    public boolean higherIsBetter() {
        return false;
    }
}
