package io.heed.insight;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.AttentionObserver;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.MixerContext;

/** A {@link LanguageModel} under a probe. */
record ProbedLanguageModel(LanguageModel model) implements ProbedModel {
    @Override
    public int layers() {
        return model.config().backbone().layers();
    }

    @Override
    public int heads() {
        return model.config().backbone().heads();
    }

    @Override
    public int vocabulary() {
        return model.config().vocabulary();
    }

    @Override
    public boolean causal() {
        return model.config().backbone().causal();
    }

    @Override
    public Tensor logits(Tensor tokens, AttentionObserver observer) {
        boolean training = model.is_training();
        model.eval();
        try (NoGradGuard _ = new NoGradGuard()) {
            return model.forward(tokens, MixerContext.plain().withObserver(observer));
        } finally {
            model.train(training);
        }
    }
}
