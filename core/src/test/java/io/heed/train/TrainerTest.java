package io.heed.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.heed.tensor.Safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class TrainerTest {
    private static final TrainConfig CONFIG = TrainConfig.defaults().withSteps(60).withRate(0.01).withEvery(20, 25);

    @TempDir
    Path folder;

    private static <E extends TrainEvent> List<E> of(Class<E> kind, List<TrainEvent> events) {
        return events.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    private static List<Double> losses(List<TrainEvent> events) {
        return of(TrainEvent.Stepped.class, events).stream().map(TrainEvent.Stepped::loss).toList();
    }

    @Test
    void learns() {
        try (Perceptron model = SineTask.model(1, 0);
             Trainer<Perceptron> trainer = new Trainer<>(model, new SineTask(), CONFIG.withSteps(600).withRate(0.02))) {
            TrainResult result = trainer.run();
            assertThat(result.outcome()).isEqualTo(TrainResult.Outcome.COMPLETED);
            assertThat(result.evaluation().orElseThrow().value()).isLessThan(0.25);
            assertThat(result.tokensPerSecond()).isPositive();
        }
    }

    @Test
    void tellsWhatHappensInOrder() {
        List<TrainEvent> events = new ArrayList<>();
        Path file = folder.resolve("checkpoint.safetensors");
        try (Perceptron model = SineTask.model(1, 0.1);
             Trainer<Perceptron> trainer = new Trainer<>(model, new SineTask(), CONFIG)) {
            trainer.listen(events::add).checkpointTo(file).run();
            assertThat(model.is_training()).isTrue();
        }
        assertThat(events.getFirst()).isEqualTo(new TrainEvent.Started(0, 60, "sine", 24 + 24 + 24 + 1, 16));
        assertThat(of(TrainEvent.Stepped.class, events)).extracting(TrainEvent::step).hasSize(60).isSorted()
                .startsWith(1L).endsWith(60L);
        assertThat(of(TrainEvent.Evaluated.class, events)).extracting(TrainEvent::step).containsExactly(20L, 40L, 60L);
        assertThat(of(TrainEvent.Evaluated.class, events))
                .allMatch(event -> event.evaluation().further().equals(Map.of("training mode", 0.0)));
        assertThat(of(TrainEvent.Checkpointed.class, events)).extracting(TrainEvent::step)
                .containsExactly(25L, 50L, 60L);
        assertThat(events.getLast()).isInstanceOf(TrainEvent.Ended.class);
    }

    @Test
    void turnsInPortionsChangeNothing() {
        List<TrainEvent> whole = new ArrayList<>();
        List<TrainEvent> first = new ArrayList<>();
        List<TrainEvent> second = new ArrayList<>();
        try (Trainer<Perceptron> alone = trainer(3, 0.2).listen(whole::add);
             Trainer<Perceptron> one = trainer(3, 0.2).listen(first::add);
             Trainer<Perceptron> two = trainer(4, 0.2).listen(second::add)) {
            alone.run();
            while (one.advance(7) | two.advance(3)) {
                assertThat(one.result().isPresent() && two.result().isPresent()).isFalse();
            }
            assertThat(two.advance(1)).isFalse();
        }
        assertThat(losses(first)).hasSize(60).isEqualTo(losses(whole));
        assertThat(losses(second)).hasSize(60).isNotEqualTo(losses(whole));
    }

    private static Trainer<Perceptron> trainer(long seed, double dropout) {
        return new Trainer<>(SineTask.model(seed, dropout), new SineTask(), CONFIG);
    }

    @Test
    void goesOnFromACheckpointToTheSameBits() throws IOException {
        Path file = folder.resolve("checkpoint.safetensors");
        List<TrainEvent> whole = new ArrayList<>();
        List<TrainEvent> resumed = new ArrayList<>();
        Path wholeFile = folder.resolve("whole.safetensors");
        try (Trainer<Perceptron> alone = trainer(3, 0.2).listen(whole::add).checkpointTo(wholeFile)) {
            alone.run();
        }
        StopSignal stop = new StopSignal();
        try (Trainer<Perceptron> early = trainer(3, 0.2).checkpointTo(file).stopOn(stop)) {
            early.advance(33);
            stop.request();
            assertThat(early.run().interrupted()).isTrue();
            assertThat(early.step()).isEqualTo(33);
        }
        try (Trainer<Perceptron> late = trainer(5, 0.2).resume(file).checkpointTo(file).listen(resumed::add)) {
            assertThat(late.step()).isEqualTo(33);
            assertThat(late.evaluation()).isPresent();
            late.run();
        }
        assertThat(losses(resumed)).isEqualTo(losses(whole).subList(33, 60));
        Safetensors one = Safetensors.open(wholeFile);
        Safetensors two = Safetensors.open(file);
        assertThat(two.names()).isEqualTo(one.names());
        for (String name : one.names()) {
            assertThat(two.data(name).mismatch(one.data(name))).as(name).isEqualTo(-1);
        }
    }

    @Test
    void aCheckpointOfAnotherModelNamesTheTensorAndBothShapes() {
        Path file = folder.resolve("checkpoint.safetensors");
        try (Trainer<Perceptron> trainer = trainer(1, 0).checkpointTo(file)) {
            trainer.run();
        }
        try (Perceptron wider = new Perceptron(1, 25, 0);
             Trainer<Perceptron> trainer = new Trainer<>(wider, new SineTask(), CONFIG)) {
            assertThatThrownBy(() -> trainer.resume(file)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(file
                    + ": parameter.hidden.weight has shape (24, 1) in the checkpoint, (25, 1) in the model");
        }
    }

    @Test
    void aCheckpointOfAnotherConfigurationNamesTheKeyAndBothValues() {
        Path file = folder.resolve("checkpoint.safetensors");
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode settings = mapper.createObjectNode().put("heads", 4).put("text", "notes.txt");
        try (Trainer<Perceptron> trainer = trainer(1, 0).under(settings).checkpointTo(file)) {
            trainer.run();
        }
        try (Trainer<Perceptron> trainer = new Trainer<>(SineTask.model(1, 0), new SineTask(), CONFIG.withRate(0.5))) {
            assertThatThrownBy(() -> trainer.resume(file)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(file + " was saved with rate " + CONFIG.rate() + ", the configuration has 0.5; put "
                            + CONFIG.rate() + " back, or start another run");
        }
        try (Trainer<Perceptron> trainer = trainer(1, 0).under(settings.deepCopy().put("heads", 8))) {
            assertThatThrownBy(() -> trainer.resume(file)).hasMessageContaining("saved with heads 4, the configuration"
                    + " has 8");
        }
        try (Trainer<Perceptron> trainer = trainer(1, 0).under(mapper.createObjectNode().put("heads", 4))) {
            assertThatThrownBy(() -> trainer.resume(file)).hasMessageContaining("text notes.txt, the configuration has"
                    + " absent");
        }
        TrainConfig oftener = CONFIG.withEvery(1, 2);
        try (Trainer<Perceptron> trainer = new Trainer<>(SineTask.model(1, 0), new SineTask(), oftener)) {
            assertThat(trainer.under(settings).resume(file).step()).isEqualTo(CONFIG.steps());
        }
    }

    @Test
    void aFileThatIsNoCheckpointIsRefused() throws IOException {
        Path file = Files.writeString(folder.resolve("checkpoint.safetensors"), "rubbish");
        Path other = folder.resolve("other.safetensors");
        Safetensors.write(other, Map.of(), Map.of());
        try (Trainer<Perceptron> trainer = trainer(1, 0)) {
            assertThatThrownBy(() -> trainer.resume(file)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith(file.toString()).message().hasLineCount(1);
            assertThatThrownBy(() -> trainer.resume(other)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(other + ": not a checkpoint (format is null, must be heed checkpoint 1)");
        }
    }

    /** Gives {@code spoil} the loss of step 5, the sixth. */
    private static SineTask spoiling(BinaryOperator<Tensor> spoil) {
        return new SineTask() {
            @Override
            public Tensor loss(Perceptron model, Step step) {
                Tensor loss = super.loss(model, step);
                return step.index() == 5 ? spoil.apply(loss, model.named_parameters().get("hidden.bias")) : loss;
            }
        };
    }

    private void assertStops(SineTask task, TrainConfig config, String tensor, String line) throws IOException {
        Path file = folder.resolve("checkpoint.safetensors");
        try (Trainer<Perceptron> trainer = new Trainer<>(SineTask.model(1, 0), task, config).checkpointTo(file)) {
            assertThatThrownBy(trainer::run).isInstanceOf(TrainingStopped.class).hasMessage(line)
                    .satisfies(e -> assertThat(((TrainingStopped) e).tensor()).isEqualTo(tensor));
        }
        if (config.checkpointEvery() > 0) {
            Safetensors kept = Safetensors.open(file);
            assertThat(kept.metadata().get("checkpoint")).contains("\"step\":4,");
        }
    }

    @Test
    void aLossThatIsNotFiniteStopsWithTheStepAndTheTensor() throws IOException {
        TrainConfig config = CONFIG.withSchedule(0, 1).withEvery(0, 4);
        assertStops(spoiling((loss, weight) -> loss.add(weight.sum().mul(new Scalar(Double.NaN)))), config,
                "hidden.bias",
                "step 6: the loss is NaN; the gradient of hidden.bias is not finite; lower the rate (now 0.01) or the"
                        + " clip "
                        + "(now 1.0); the checkpoint of step 4 is whole");
        assertStops(spoiling((loss, weight) -> loss.add(new Scalar(Double.POSITIVE_INFINITY))), config, "loss",
                "step 6: the loss is Infinity; lower the rate (now 0.01) or the clip (now 1.0); the checkpoint of step"
                        + " 4 is "
                        + "whole");
    }

    @Test
    void aGradientThatIsNotFiniteStopsThoughTheLossIsFine() throws IOException {
        assertStops(spoiling((loss, weight) -> loss.add(weight.sub(weight.detach()).sum().sqrt())),
                CONFIG.withSchedule(0, 1).withEvery(0, 4).withClip(0), "hidden.bias",
                "step 6: the gradient of hidden.bias is not finite; lower the rate (now 0.01) or the clip (now off);"
                        + " the "
                        + "checkpoint of step 4 is whole");
    }

    @Test
    void aParameterThatOverflowsStopsAtOnce() throws IOException {
        assertStops(new SineTask(), CONFIG.withSchedule(0, 1).withRate(1e39).withEvery(0, 0), "hidden.weight",
                "step 1: hidden.weight is not finite after the update; lower the rate (now 1.0E39) or the clip (now"
                        + " 1.0)");
    }

    @Test
    void aSaveThatFailsIsToldAndTrainingGoesOn() throws IOException {
        Path blocked = Files.writeString(folder.resolve("blocked"), "a file where a folder should be");
        Path file = blocked.resolve("checkpoint.safetensors");
        List<TrainEvent> events = new ArrayList<>();
        try (Trainer<Perceptron> trainer = trainer(1, 0).checkpointTo(file).listen(events::add)) {
            assertThatThrownBy(trainer::run).isInstanceOf(UncheckedIOException.class)
                    .message().contains(blocked.toString()).hasLineCount(1);
        }
        assertThat(of(TrainEvent.CheckpointFailed.class, events)).extracting(TrainEvent::step)
                .containsExactly(25L, 50L, 60L);
        assertThat(losses(events)).hasSize(60);
        assertThat(events.getLast()).isInstanceOf(TrainEvent.Ended.class);
    }

    @Test
    void aStepLeavesNothingBehind() {
        try (Trainer<Perceptron> trainer = new Trainer<>(SineTask.model(1, 0.1), new SineTask(),
                CONFIG.withSteps(1000))) {
            trainer.advance(100);
            long count = Pointer.totalCount();
            trainer.advance(500);
            assertThat(Pointer.totalCount()).isLessThanOrEqualTo(count);    // less: what others left was collected
        }
    }
}
