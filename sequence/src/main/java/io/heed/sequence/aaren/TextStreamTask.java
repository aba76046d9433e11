package io.heed.sequence.aaren;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.data.CharacterVocabulary;
import io.heed.data.CounterRandom;
import io.heed.data.Split;
import io.heed.data.TextCorpus;
import io.heed.data.TextData;
import io.heed.data.WordNet;
import io.heed.tensor.Ops;

/** Next character of WordNet's glosses, one-hot. The loss is the cross-entropy in nats. */
final class TextStreamTask extends StreamTask {
    private final TextData data;

    private TextStreamTask(TextData data) {
        super("text", data.vocabularySize());
        this.data = data;
    }

    static TextStreamTask glosses() {
        TextCorpus glosses = WordNet.glosses();
        return new TextStreamTask(new TextData(glosses, CharacterVocabulary.of(glosses.train()), LENGTH + 1));
    }

    @Override
    int outputs() {
        return features();
    }

    @Override
    float[] stream(CounterRandom random, Split split) {
        try (PointerScope _ = new PointerScope()) {
            long[] tokens = Ops.longs(data.sample(split, 1, random.nextLong()).tokens());
            float[] stream = new float[tokens.length * features()];
            for (int n = 0; n < tokens.length; n++) {
                stream[n * features() + (int) tokens[n]] = 1;
            }
            return stream;
        }
    }

    @Override
    Tensor loss(Tensor predictions, Tensor next) {
        return torch.cross_entropy_loss(predictions.flatten(0, 1), next.argmax(new LongOptional(-1), false).flatten());
    }
}
