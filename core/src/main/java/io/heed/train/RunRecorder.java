package io.heed.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/** Writes a training's numbers into its run directory: {@code metrics.jsonl} and TensorBoard's event file. */
final class RunRecorder implements TrainListener, AutoCloseable {
    private final Path folder;
    private final Path metricsFile;
    private final Consumer<String> warnings;
    private AppendingFile metrics;
    private AppendingFile events;

    RunRecorder(Path folder, Path metricsFile, Consumer<String> warnings) {
        this.folder = folder;
        this.metricsFile = metricsFile;
        this.warnings = warnings;
    }

    @Override
    public void on(TrainEvent event) {
        switch (event) {
            case TrainEvent.Started started -> start(started.step());
            case TrainEvent.Stepped stepped -> {
                metrics.append(MetricsLog.line(stepped));
                events.append(TensorBoardRecords.scalars(now(), stepped.step(), scalars(stepped)));
            }
            case TrainEvent.Evaluated evaluated -> {
                metrics.append(MetricsLog.line(evaluated));
                events.append(TensorBoardRecords.scalars(now(), evaluated.step(), scalars(evaluated.evaluation())));
            }
            case TrainEvent.Saving saving -> metrics.sync();
            case TrainEvent.Checkpointed checkpointed -> { }
            case TrainEvent.CheckpointFailed failed -> warnings.accept(failed.reason());
            case TrainEvent.Ended ended -> close();
        }
    }

    private void start(long step) {
        try {
            MetricsLog.truncate(metricsFile, step);
            metrics = new AppendingFile(metricsFile, warnings);
            events = new AppendingFile(eventFile(), warnings);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write to " + folder + ": " + e.getMessage(), e);
        }
        events.append(TensorBoardRecords.header(now()));
        events.append(TensorBoardRecords.restart(now(), step + 1));
    }

    /** A name of TensorBoard's pattern that sorts after those of earlier starts of this run. */
    private Path eventFile() {
        long second = System.currentTimeMillis() / 1000;
        Path file = folder.resolve("events.out.tfevents." + second + ".heed");
        while (Files.exists(file)) {
            file = folder.resolve("events.out.tfevents." + ++second + ".heed");
        }
        return file;
    }

    private static Map<String, Double> scalars(TrainEvent.Stepped event) {
        Map<String, Double> values = new LinkedHashMap<>();
        values.put("train/loss", event.loss());
        values.put("train/rate", event.rate());
        values.put("train/gradient_norm", event.gradientNorm());
        values.put("train/tokens_per_s", event.tokensPerSecond());
        return values;
    }

    private static Map<String, Double> scalars(Evaluation evaluation) {
        Map<String, Double> values = new LinkedHashMap<>();
        values.put("validation/loss", evaluation.loss());
        values.put("validation/" + evaluation.metric(), evaluation.value());
        evaluation.further().forEach((name, value) -> values.put("validation/" + name, value));
        return values;
    }

    private static double now() {
        return System.currentTimeMillis() / 1e3;
    }

    /** Closes the files; what could not be written is told as a warning. */
    @Override
    public void close() {
        for (AppendingFile file : new AppendingFile[] {metrics, events}) {
            if (file != null) {
                try {
                    file.close();
                } catch (IOException e) {
                    warnings.accept(e.getMessage());
                }
            }
        }
        metrics = null;
        events = null;
    }
}
