package io.heed.sequence;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.data.SequenceBatch;
import io.heed.data.SequenceData;
import io.heed.data.Split;
import io.heed.tensor.Ops;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

/**
 * Predicting the labelled tokens of generated examples, each of which has equally many. The metric is the accuracy
 * there. Multi-query associative recall (Zoology, ICLR 2024) is one of them.
 *
 * @param <D>      the generator's type
 * @param data     the generator
 * @param batch    B, examples in a step
 * @param examples validation examples that an evaluation reads
 */
public record RecallTask<D extends SequenceData>(D data, int batch, int examples) implements Task<LanguageModel> {
    private static final int STANDARD_EXAMPLES = 512;

    /** @throws IllegalArgumentException when the batch or the examples are not positive */
    public RecallTask {
        if (batch < 1 || examples < 1) {
            throw new IllegalArgumentException("batch " + batch + " and examples " + examples + " must be at least 1");
        }
    }

    /** Evaluated on at most 512 examples. */
    public RecallTask(D data, int batch) {
        this(data, batch, (int) Math.min(STANDARD_EXAMPLES, data.windows(Split.VALIDATION)));
    }

    @Override
    public String id() {
        return data.id();
    }

    @Override
    public Tensor loss(LanguageModel model, Step step) {
        return model.loss(data.sample(Split.TRAIN, batch, step.key()));
    }

    @Override
    public Evaluation evaluate(LanguageModel model) {
        Windows read = Windows.spread(data, Split.VALIDATION, examples, batch);
        double loss = 0;
        double accuracy = 0;
        for (Windows.Run run : read.runs()) {
            try (PointerScope _ = new PointerScope()) {
                SequenceBatch window = data.window(Split.VALIDATION, run.first(), run.rows());
                Tensor positions = labelled(window.targets());
                Tensor logits = model.forwardAt(window.tokens(), positions, MixerContext.plain());
                // every example has as many labels, so means over labels and over examples agree
                Tensor targets = window.targets().flatten().index_select(0, positions).to(logits.device(),
                        torch.ScalarType.Long);
                loss += run.rows() * torch.cross_entropy_loss(logits, targets).item_double();
                accuracy += run.rows() * Ops.item(logits.argmax(new LongOptional(-1), false).eq(targets)
                        .to(torch.ScalarType.Double).mean());
            }
        }
        return Evaluation.of(loss / read.count(), metric(), accuracy / read.count());
    }

    @Override
    public long tokensPerStep() {
        return (long) batch * data.length();
    }

    @Override
    public String metric() {
        return "accuracy";
    }

    @Override
    public boolean higherIsBetter() {
        return true;
    }

    /** Indices b N + n of the positions that have a label. */
    private static Tensor labelled(Tensor targets) {
        return targets.flatten().ne(new Scalar(SequenceBatch.IGNORED)).nonzero().squeeze(1);
    }
}
