package io.heed.sequence;

import org.bytedeco.pytorch.Tensor;

import io.heed.data.Mqar;
import io.heed.data.Split;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

/**
 * Multi-query associative recall (Zoology, ICLR 2024). The metric is the accuracy at the queries: the mean over an
 * example's queries, then the mean over examples.
 *
 * @param data     the generator
 * @param batch    B, examples in a step
 * @param examples validation examples that an evaluation reads
 */
public record MqarTask(Mqar data, int batch, int examples) implements Task<LanguageModel> {
    private static final int STANDARD_EXAMPLES = 512;

    /** @throws IllegalArgumentException when the batch or the examples are not positive */
    public MqarTask {
        if (batch < 1 || examples < 1) {
            throw new IllegalArgumentException("batch " + batch + " and examples " + examples + " must be at least 1");
        }
    }

    /** Evaluated on at most 512 examples. */
    public MqarTask(Mqar data, int batch) {
        this(data, batch, (int) Math.min(STANDARD_EXAMPLES, data.windows(Split.VALIDATION)));
    }

    /** 256 symbols, 64 positions, 8 pairs, 64 examples a step. */
    public static MqarTask standard() {
        return new MqarTask(Mqar.of(256, 64, 8), 64);
    }

    @Override
    public String id() {
        return "mqar";
    }

    @Override
    public Tensor loss(LanguageModel model, Step step) {
        return recall().loss(model, step);
    }

    @Override
    public Evaluation evaluate(LanguageModel model) {
        return recall().evaluate(model);
    }

    private RecallTask recall() {
        return new RecallTask(data, batch, examples);
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
}
