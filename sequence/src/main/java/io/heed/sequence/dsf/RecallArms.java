package io.heed.sequence.dsf;

import java.util.Arrays;
import java.util.List;

import org.bytedeco.javacpp.PointerScope;

import io.heed.data.Mqar;
import io.heed.sequence.BackboneConfig;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.LanguageModelConfig;
import io.heed.sequence.MixerSpec;
import io.heed.sequence.RecallTask;
import io.heed.sequence.StudyTraining;
import io.heed.tensor.Seeds;

/**
 * Recall of one mixer: a layer of short convolutions, then the mixer, one head, no MLPs (the paper's own configurations
 * give some arms an MLP and others none), at a rate or at the best of the rates by mean accuracy over seeds.
 *
 * @param task  the recall task
 * @param width D
 * @param steps of training
 * @param rates learning rates to choose from
 * @param seeds runs at each rate
 */
record RecallArms(RecallTask<Mqar> task, int width, int steps, double[] rates, int seeds) {
    /** Mean accuracy of {@code mixer} at its best rate. */
    double best(String mixer) {
        return Arrays.stream(rates).map(rate -> accuracy(mixer, rate)).max().orElseThrow();
    }

    /** Mean accuracy of {@code mixer} at one rate; a training that met numbers that are not finite counts as 0. */
    private double accuracy(String mixer, double rate) {
        double sum = 0;
        for (int seed = 0; seed < seeds; seed++) {
            try (PointerScope _ = new PointerScope()) {
                double accuracy = StudyTraining.train(model(mixer, seed), task,
                        StudyTraining.config(steps, rate, seed)).value();
                sum += Double.isNaN(accuracy) ? 0 : accuracy;
            }
        }
        return sum / seeds;
    }

    private LanguageModel model(String mixer, long seed) {
        Seeds.seedTorch(seed, "weights", 0);
        BackboneConfig standard = BackboneConfig.of(mixer, width, 2, task.data().length());
        BackboneConfig backbone =
                new BackboneConfig(width, 2, 1, 1, task.data().length(), 0, standard.norm(), standard.mlp(),
                0, true, List.of(MixerSpec.parse("base-conv"), MixerSpec.parse(mixer)));
        return new LanguageModel(new LanguageModelConfig(task.data().vocabularySize(), true, backbone));
    }

    /** The recall task with {@code pairs} pairs in {@code length} tokens. */
    static RecallTask<Mqar> task(int symbols, int length, int pairs) {
        Mqar paper = Mqar.of(symbols, length, pairs);
        return new RecallTask<>(new Mqar(symbols, length, pairs, paper.powerA(), false, 0, paper.heldOutExamples(),
                paper.seed()),
                64, 256);
    }
}
