package io.heed.sequence.graphaware;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.data.SequenceBatch;
import io.heed.data.Split;
import io.heed.data.TextData;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

/**
 * Predicting the next character of a text with a {@link Decoder}.
 *
 * @param data    the text
 * @param batch   B, windows in a step
 * @param windows validation windows that an evaluation reads
 */
record DecoderTask(TextData data, int batch, int windows) implements Task<Decoder> {
    @Override
    public String id() {
        return "text";
    }

    @Override
    public Tensor loss(Decoder model, Step step) {
        return crossEntropy(model, data.sample(Split.TRAIN, batch, step.key()));
    }

    @Override
    public Evaluation evaluate(Decoder model) {
        long count = Math.min(windows, data.windows(Split.VALIDATION) / batch * batch);
        double sum = 0;
        for (long first = 0; first < count; first += batch) {
            try (PointerScope _ = new PointerScope()) {
                sum += crossEntropy(model, data.window(Split.VALIDATION, first, batch)).item_double();
            }
        }
        double loss = sum / (count / batch);
        return Evaluation.of(loss, metric(), Math.exp(loss));
    }

    private static Tensor crossEntropy(Decoder model, SequenceBatch part) {
        return torch.cross_entropy_loss(model.forward(part.tokens()).flatten(0, 1), part.targets().flatten());
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
