package io.heed.insight.sink;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.javacpp.PointerScope;

import io.heed.sequence.StudyTraining;
import io.heed.tensor.Seeds;
import io.heed.tensor.Weights;
import io.heed.train.TrainConfig;
import io.heed.train.TrainEvent;

/**
 * One experiment in training.
 *
 * @param name        what differs
 * @param config      the model
 * @param constant    where the constant token stands, -1 for nowhere
 * @param steps       steps of training
 * @param rate        learning rate, constant after a short warm-up
 * @param weightDecay decoupled weight decay
 */
record SinkArm(String name, SinkConfig config, int constant, int steps, double rate, double weightDecay) {
    private static final int WARM_UP = 20;
    private static final int READINGS = 10;

    /** One layer of two heads, 64 wide, with learned positions: the smallest model in which a sink can form. */
    static SinkConfig small(BackCopy data, Mechanism mechanism) {
        return SinkConfig.of(data.vocabulary(), 1, 64, 2, 128, BackCopyTask.LENGTH + 1)
                .withPositions(SinkConfig.Positions.LEARNABLE).withMechanism(mechanism);
    }

    /** Trains it on back-copies; see {@link #run(SinkTask, boolean, long)}. */
    List<SinkReading> run(BackCopy data, long seed) {
        return run(new BackCopyTask(data, constant, config.prefix()), true, seed);
    }

    /**
     * Trains it, and reads before and after every tenth of the steps.
     *
     * @param unit whether embeddings start with deviation 1
     */
    List<SinkReading> run(SinkTask task, boolean unit, long seed) {
        List<SinkReading> readings = new ArrayList<>();
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(seed, "weights", 0);
            SinkModel model = new SinkModel(config);
            if (unit) {
                makeEmbeddingsUnit(model);
            }
            readings.add(SinkReading.of(model, task, 0));
            TrainConfig training = StudyTraining.config(steps, rate, seed).withSchedule(Math.min(WARM_UP, steps), 1)
                    .withWeightDecay(weightDecay, false);
            StudyTraining.train(model, task, training, event -> {
                if (event instanceof TrainEvent.Stepped step && (step.step() % Math.max(1, steps / READINGS) == 0)) {
                    readings.add(SinkReading.of(model, task, step.step()));
                }
            });
        }
        return readings;
    }

    /** Embeddings and positions start with a normal of deviation 1, as libtorch's own do. */
    private static void makeEmbeddingsUnit(SinkModel model) {
        Weights.parameters(model).forEach((name, weight) -> {
            if (name.endsWith("wte.weight") || name.endsWith("wpe.weight")) {
                FanIn.normal(weight, 1);
            }
        });
    }

    /** The means over several seeds, reading by reading. */
    List<SinkReading> run(BackCopy data, int seeds) {
        List<List<SinkReading>> all = new ArrayList<>();
        for (int seed = 0; seed < seeds; seed++) {
            all.add(run(data, (long) seed));
        }
        int count = all.stream().mapToInt(List::size).min().orElseThrow();
        List<SinkReading> means = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int at = i;
            means.add(SinkReading.mean(all.stream().map(list -> list.get(at)).toList()));
        }
        return means;
    }
}
