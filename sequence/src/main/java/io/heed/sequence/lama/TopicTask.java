package io.heed.sequence.lama;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

/**
 * Telling the topic of a gloss. The metric is accuracy on held-out glosses.
 *
 * @param data  the glosses
 * @param held  held-out glosses that are read
 */
record TopicTask(GlossTopics data, int held) implements Task<DocumentClassifier> {
    static final int BATCH = 64;

    private static final int EVALUATED = 256;

    @Override
    public String id() {
        return "topics";
    }

    @Override
    public Tensor loss(DocumentClassifier model, Step step) {
        GlossTopics.Batch batch = data.sample(step.key(), BATCH);
        return torch.cross_entropy_loss(model.forward(batch.ids(), batch.mask()).logits(), batch.labels());
    }

    @Override
    public Evaluation evaluate(DocumentClassifier model) {
        double loss = 0;
        double right = 0;
        int rows = 0;
        for (GlossTopics.Batch batch : data.heldOut(held, EVALUATED)) {
            try (PointerScope _ = new PointerScope()) {
                Tensor logits = model.forward(batch.ids(), batch.mask()).logits();
                int count = Math.toIntExact(logits.size(0));
                loss += count * torch.cross_entropy_loss(logits, batch.labels()).item_double();
                right += logits.argmax(new LongOptional(1), false).eq(batch.labels())
                        .sum(new ScalarTypeOptional(ScalarType.Long)).item_long();
                rows += count;
            }
        }
        return Evaluation.of(loss / rows, metric(), right / rows);
    }

    @Override
    public long tokensPerStep() {
        return BATCH;
    }

    @Override
    public String metric() {
        return "accuracy";
    }

    @Override
    public boolean higherIsBetter() {
        return true;
    }
}
