package io.heed.sequence.cab;

import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.data.CounterRandom;
import io.heed.data.Split;
import io.heed.data.TextData;
import io.heed.nn.Initialisation;
import io.heed.tensor.Ops;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

/**
 * Causal cross-attention: writing a stretch of text backwards, character by character, teacher forced. A stand-in for
 * summaries and speech. The metric is the perplexity of the characters.
 *
 * @param data  the text, in windows of N
 * @param batch B
 */
record ReversalTask(TextData data, int batch) implements Task<ReversalTask.Transducer> {
    private static final int HELD_OUT = 6; // batches

    /** Characters to characters. */
    static final class Transducer extends Module {
        private final Tensor embedding;
        private final CrossModel body;

        Transducer(String mixer, int vocabulary, long width, long length) {
            super("Transducer");
            EmbeddingImpl table = register_module("embedding", new EmbeddingImpl(vocabulary, width));
            embedding = Initialisation.truncatedNormal(table.weight(), Initialisation.DEVIATION).retainReference();
            body = register_module("body", new CrossModel(mixer, width, true, "rotary", length));
        }

        /** Source and the characters so far (B, N) to logits (B, N, V). */
        Tensor forward(Tensor source, Tensor written) {
            Tensor out = body.forward(torch.embedding(embedding, source), torch.embedding(embedding, written));
            return torch.linear(out, embedding);
        }
    }

    private Tensor logits(Transducer model, Tensor text, Tensor reversed) {
        // the first character written follows the last read: the decoder starts from it
        Tensor before = Ops.cat(1, text.narrow(1, text.size(1) - 1, 1), reversed.narrow(1, 0, reversed.size(1) - 1));
        return model.forward(text, before);
    }

    @Override
    public String id() {
        return "reversal";
    }

    @Override
    public Tensor loss(Transducer model, Step step) {
        Tensor text = data.sample(Split.TRAIN, batch, step.key()).tokens();
        Tensor reversed = text.flip(1);
        return torch.cross_entropy_loss(logits(model, text, reversed).flatten(0, 1), reversed.flatten());
    }

    @Override
    public Evaluation evaluate(Transducer model) {
        double loss = 0;
        double accuracy = 0;
        for (int i = 0; i < HELD_OUT; i++) {
            try (PointerScope _ = new PointerScope()) {
                Tensor text = data.sample(Split.VALIDATION, batch, CounterRandom.key(1, i)).tokens();
                Tensor reversed = text.flip(1);
                Tensor logits = logits(model, text, reversed).flatten(0, 1);
                loss += torch.cross_entropy_loss(logits, reversed.flatten()).item_double() / HELD_OUT;
                accuracy += Ops.item(logits.argmax(new LongOptional(-1), false).eq(reversed.flatten())
                        .to(ScalarType.Double).mean()) / HELD_OUT;
            }
        }
        return new Evaluation(loss, metric(), Math.exp(loss), Map.of("accuracy", accuracy));
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
