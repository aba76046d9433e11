package io.heed.sequence.sigmoid;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.StringTensorDictItem;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.data.SequenceBatch;
import io.heed.data.Split;
import io.heed.nn.ComposedAttention;
import io.heed.nn.Heads;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.MixerContext;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.TextTask;
import io.heed.sequence.softmax.SoftmaxAttention;

/**
 * Sizes at one step of a training.
 *
 * @param step     steps done
 * @param output   root mean square of P v in the first layer
 * @param gradient 2-norm of the loss's gradient with respect to the first layer's attention weights
 */
record AttentionNorms(long step, double output, double gradient) {
    private static final String LAYER = "backbone.blocks.0.";
    private static final int WINDOWS = 4;

    /** Measures {@code model} on the first validation windows; leaves no gradients behind. */
    static AttentionNorms measure(LanguageModel model, TextTask task, long step) {
        try (PointerScope _ = new PointerScope()) {
            SequenceBatch batch = task.data().window(Split.VALIDATION, 0, WINDOWS);
            Tensor output;
            try (NoGradGuard _ = new NoGradGuard()) {
                // the first layer's input; rotary positions add nothing to it
                Tensor embedded = torch.embedding(parameter(model, "embedding.weight"), batch.tokens());
                Tensor input = torch.layer_norm(embedded, embedded.size(-1))
                        .mul(parameter(model, LAYER + "norm1.weight"))
                        .add(parameter(model, LAYER + "norm1.bias"));
                output = timesValues(model, input);
            }
            model.loss(batch).backward();
            double squares = 0;
            StringTensorDict parameters = model.named_parameters();
            for (long i = 0; i < parameters.size(); i++) {
                StringTensorDictItem item = parameters.get(i);
                if (item.key().getString().startsWith(LAYER + "mixer.") && item.value().grad().defined()) {
                    squares += item.value().grad().square().sum().item_double();
                }
            }
            model.zero_grad(true);
            return new AttentionNorms(step, Math.sqrt(output.square().mean().item_double()), Math.sqrt(squares));
        }
    }

    private static Tensor timesValues(LanguageModel model, Tensor input) {
        SequenceMixer mixer = model.backbone().mixers().getFirst();
        return switch (mixer) {
            case SigmoidAttention sigmoid -> sigmoid.trace(input, MixerContext.plain()).timesValues();
            case SigmoidBranch branch -> branch.attention().trace(input, MixerContext.plain()).timesValues();
            case SoftmaxAttention softmax -> {
                Tensor weights = softmax.weights(input, MixerContext.plain());
                Tensor packed = parameter(model, LAYER + "mixer.qkv.weight");
                long width = input.size(-1);
                Tensor values = torch.linear(input, packed.narrow(0, packed.size(0) - width, width));
                yield Heads.merge(ComposedAttention.apply(weights, Heads.split(values, (int) weights.size(1))));
            }
            default -> throw new IllegalArgumentException("no norms of a " + mixer.name().getString());
        };
    }

    private static Tensor parameter(LanguageModel model, String name) {
        StringTensorDict parameters = model.named_parameters();
        for (long i = 0; i < parameters.size(); i++) {
            StringTensorDictItem item = parameters.get(i);
            if (item.key().getString().equals(name)) {
                return item.value();
            }
        }
        throw new IllegalArgumentException("the model has no parameter " + name);
    }
}
