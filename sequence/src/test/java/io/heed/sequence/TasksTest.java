package io.heed.sequence;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.heed.data.ByteVocabulary;
import io.heed.data.CharacterVocabulary;
import io.heed.data.Mqar;
import io.heed.data.SequenceBatch;
import io.heed.data.Split;
import io.heed.data.TextCorpus;
import io.heed.data.TextData;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;
import io.heed.train.Evaluation;
import io.heed.train.Step;
import io.heed.train.Task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

class TasksTest {
    private PointerScope scope;

    @BeforeEach
    void openScope() {
        scope = new PointerScope();
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    @Test
    void modelLearnsTheTextTask() {
        TextCorpus corpus = TextCorpus.split("seasons", "spring summer autumn winter ".repeat(60), 16);
        CharacterVocabulary vocabulary = CharacterVocabulary.of(corpus.train());
        TextTask task = new TextTask(new TextData(corpus, vocabulary, 16), 8);
        LanguageModel model = model("softmax", vocabulary.size(), 16);
        Evaluation before = evaluate(task, model);
        assertThat(before.metric()).isEqualTo("bits per character");
        assertThat(before.value()).isCloseTo(before.loss() / Math.log(2), within(1e-9))
                .isCloseTo(Math.log(vocabulary.size()) / Math.log(2), within(0.3));
        train(task, model, 25);
        Evaluation after = evaluate(task, model);
        assertThat(after.value()).isLessThan(before.value() / 2);
        assertThat(after.further().get("perplexity")).isCloseTo(Math.exp(after.loss()), within(1e-9));
        assertThat(evaluate(task, model)).as("evaluations repeat").isEqualTo(after);
        assertThat(task.tokensPerStep()).isEqualTo(8 * 16);
    }

    @Test
    void bytesAreMeasuredInBitsPerByte() {
        TextCorpus corpus = TextCorpus.split("seasons", "spring summer autumn winter ".repeat(60), 16);
        assertThat(new TextTask(new TextData(corpus, new ByteVocabulary(), 16), 8).metric()).isEqualTo("bits per byte");
    }

    @Test
    void recallAccuracyIsTheShareOfRightAnswers() {
        Mqar data = Mqar.of(64, 32, 4);
        RecallTask<Mqar> task = new RecallTask<>(data, 7, 20);
        LanguageModel model = model("softmax", 64, 32);
        Evaluation evaluation = evaluate(task, model);
        int right = 0;
        int asked = 0;
        // the task reads 20 examples in runs of 7; count by hand over the same runs
        for (Windows.Run run : Windows.spread(data, Split.VALIDATION, 20, 7).runs()) {
            SequenceBatch batch = data.window(Split.VALIDATION, run.first(), run.rows());
            Tensor logits = model.forward(batch.tokens());
            long[] targets = Ops.longs(batch.targets());
            for (int i = 0; i < targets.length; i++) {
                if (targets[i] != SequenceBatch.IGNORED) {
                    asked++;
                    right += logits.flatten(0, 1).select(0, i).argmax().item_long() == targets[i] ? 1 : 0;
                }
            }
        }
        assertThat(asked).isEqualTo(20 * 4);
        assertThat(evaluation.value()).isCloseTo(right / (double) asked, within(1e-9));
        assertThat(evaluation.loss()).isCloseTo(Math.log(64), within(0.5));
        assertThat(task.higherIsBetter()).isTrue();
    }

    @Test
    void windowsAreDistinctAndSpreadOverThePart() {
        Mqar data = Mqar.of(64, 32, 4); // 3000 held out
        for (int wanted : new int[] {1, 20, 128, 2999, 5000}) {
            Windows windows = Windows.spread(data, Split.VALIDATION, wanted, 16);
            Set<Long> read = new HashSet<>();
            List<Long> starts = new ArrayList<>();
            for (Windows.Run run : windows.runs()) {
                starts.add(run.first());
                for (int row = 0; row < run.rows(); row++) {
                    assertThat(read.add(run.first() + row)).as("%d of %d once", run.first() + row, wanted).isTrue();
                }
            }
            assertThat(read).hasSize(Math.min(wanted, 3000)).allMatch(number -> number >= 0 && number < 3000);
            assertThat(windows.count()).isEqualTo(read.size());
            if (wanted == 128) {
                assertThat(starts.getLast()).as("near the end").isGreaterThan(2500);
            }
        }
    }

    private static LanguageModel model(String mixer, int vocabulary, int length) {
        Seeds.seedTorch(2, "weights", 0);
        return new LanguageModel(new LanguageModelConfig(vocabulary, true, BackboneConfig.of(mixer, 32, 2, length)));
    }

    private static Evaluation evaluate(Task<LanguageModel> task, LanguageModel model) {
        model.eval();
        try (NoGradGuard _ = new NoGradGuard()) {
            return task.evaluate(model);
        } finally {
            model.train(true);
        }
    }

    private static void train(Task<LanguageModel> task, LanguageModel model, int steps) {
        AdamW optimiser = new AdamW(model.parameters(), new AdamWOptions(1e-2));
        for (int step = 0; step < steps; step++) {
            try (PointerScope _ = new PointerScope()) {
                optimiser.zero_grad();
                task.loss(model, Step.of(step, 1)).backward();
                optimiser.step();
            }
        }
    }
}
