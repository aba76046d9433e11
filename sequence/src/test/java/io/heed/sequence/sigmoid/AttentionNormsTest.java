package io.heed.sequence.sigmoid;

import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;

import io.heed.data.ByteVocabulary;
import io.heed.data.TextCorpus;
import io.heed.data.TextData;
import io.heed.sequence.BackboneConfig;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.LanguageModelConfig;
import io.heed.sequence.TextTask;
import io.heed.tensor.Seeds;

import static org.assertj.core.api.Assertions.assertThat;

class AttentionNormsTest {
    private static final int LENGTH = 64;

    private static AttentionNorms norms(String mixer) {
        String text = "the quick brown fox jumps over the lazy dog. ".repeat(300);
        TextTask task = new TextTask(new TextData(TextCorpus.split("text", text, LENGTH), new ByteVocabulary(), LENGTH),
                4);
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(1, "weights", 0);
            LanguageModel model = new LanguageModel(new LanguageModelConfig(task.data().vocabularySize(), true,
                    BackboneConfig.of(mixer, 32, 2, LENGTH)));
            AttentionNorms norms = AttentionNorms.measure(model, task, 7);
            assertThat(model.parameters().get(0).grad().defined()).as("no gradient is left behind").isFalse();
            return norms;
        }
    }

    @Test
    void aBiasOfMinusLnNBringsTheNormToSoftmaxsScale() {
        AttentionNorms softmax = norms("softmax");
        AttentionNorms plain = norms("sigmoid:qk-norm=false,bias=0");
        AttentionNorms biased = norms("sigmoid:qk-norm=false");
        assertThat(softmax.step()).isEqualTo(7);
        assertThat(List.of(softmax.gradient(), plain.gradient(), biased.gradient())).allMatch(gradient -> gradient > 0);
        assertThat(plain.output() / softmax.output()).as("b = 0").isGreaterThan(5);
        assertThat(biased.output() / softmax.output()).as("b = -ln N").isBetween(0.2, 2.0);
        assertThat(plain.output() / biased.output()).as("n / 2 against n / (n + 1)").isBetween(25.0, 40.0);
    }
}
