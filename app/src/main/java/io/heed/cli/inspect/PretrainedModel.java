package io.heed.cli.inspect;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.inference.model.ModelConfig;
import io.heed.inference.model.ReferenceModel;
import io.heed.insight.ProbedModel;
import io.heed.nn.AttentionObserver;
import io.heed.nn.Form;

/** A model of a HuggingFace folder under a probe. */
record PretrainedModel(ReferenceModel model, ModelConfig config) implements ProbedModel {
    @Override
    public int layers() {
        return config.layers();
    }

    @Override
    public int heads() {
        return config.heads();
    }

    @Override
    public int vocabulary() {
        return config.vocabulary();
    }

    @Override
    public boolean causal() {
        return true;
    }

    @Override
    public Tensor logits(Tensor tokens, AttentionObserver observer) {
        try (NoGradGuard _ = new NoGradGuard()) {
            return model.logits(tokens, Form.AUTO, observer);
        }
    }
}
