package io.heed.sequence.bam;

import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.data.CounterRandom;
import io.heed.data.SequenceBatch;
import io.heed.data.Split;
import io.heed.data.TextData;
import io.heed.sequence.MixerContext;
import io.heed.tensor.Ops;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

/**
 * Predicting the next character of texts from several domains, each with the same share of a batch. The metric is the
 * mean over all domains of the perplexity, also those that are not trained on.
 *
 * @param domains all domains
 * @param trained indices of those that batches are drawn from
 * @param rows    B, windows in a step, shared out evenly
 * @param windows validation windows of each domain
 */
record DomainTask(List<TextData> domains, List<Integer> trained, int rows, int windows)
        implements Task<ParallelModel<?>> {
    @Override
    public String id() {
        return "domains";
    }

    @Override
    public Tensor loss(ParallelModel<?> model, Step step) {
        int each = rows / trained.size();
        Tensor[] tokens = new Tensor[trained.size()];
        Tensor[] targets = new Tensor[trained.size()];
        for (int i = 0; i < tokens.length; i++) {
            SequenceBatch part = domains.get(trained.get(i)).sample(Split.TRAIN, each,
                    CounterRandom.key(step.key(), trained.get(i)));
            tokens[i] = part.tokens();
            targets[i] = part.targets();
        }
        MixerContext context = MixerContext.plain();
        Tensor loss = crossEntropy(model, Ops.cat(0, tokens), Ops.cat(0, targets), context);
        return context.loss().map(loss::add).orElse(loss);
    }

    @Override
    public Evaluation evaluate(ParallelModel<?> model) {
        double loss = 0;
        double perplexity = 0;
        for (TextData domain : domains) {
            double mean = loss(model, domain);
            loss += mean / domains.size();
            perplexity += Math.exp(mean) / domains.size();
        }
        return Evaluation.of(loss, metric(), perplexity);
    }

    /** Mean loss on one domain's validation windows, spread over it. */
    double loss(ParallelModel<?> model, TextData domain) {
        long stride = Math.max(rows, domain.windows(Split.VALIDATION) / Math.max(1, windows / rows));
        double sum = 0;
        int count = 0;
        for (long first = 0; count * rows < windows && first
                + rows <= domain.windows(Split.VALIDATION); first += stride) {
            try (PointerScope _ = new PointerScope()) {
                SequenceBatch part = domain.window(Split.VALIDATION, first, rows);
                sum += crossEntropy(model, part.tokens(), part.targets(), MixerContext.plain()).item_double();
            }
            count++;
        }
        return sum / count;
    }

    private static Tensor crossEntropy(ParallelModel<?> model, Tensor tokens, Tensor targets, MixerContext context) {
        return torch.cross_entropy_loss(model.forward(tokens, context).flatten(0, 1), targets.flatten());
    }

    @Override
    public long tokensPerStep() {
        return (long) rows * domains.getFirst().length();
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
