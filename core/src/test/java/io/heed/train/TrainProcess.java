package io.heed.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.global.torch;

/**
 * One training run in a process of its own, to be killed, interrupted or starved of disk: the arguments are the run
 * directory, the steps, and the model's width. Exits 0 when complete, 130 when interrupted, 1 with one line on an
 * error.
 */
final class TrainProcess {
    private TrainProcess() { }

    public static void main(String[] args) {
        TrainConfig config = TrainConfig.defaults().withSteps(Long.parseLong(args[1])).withRate(0.01).withEvery(70, 50);
        StopSignal stop = StopSignal.onInterrupt();
        int status;
        torch.manual_seed(1);
        try (RunDirectory run = RunDirectory.open(Path.of(args[0]));
             Perceptron model = new Perceptron(1, Long.parseLong(args[2]), 0.1);
             Trainer<Perceptron> trainer = new Trainer<>(model, new SineTask(), config)) {
            run.attach(trainer.stopOn(stop), line -> System.out.println("warning: " + line));
            System.out.println("goes on from step " + trainer.step());
            trainer.advance(Long.parseLong(args[3]));
            stop.request();
            TrainResult result = trainer.run();
            System.out.println("ended at step " + result.step());
            status = result.interrupted() ? 130 : 0;
        } catch (RuntimeException e) {
            System.out.println("error: " + e.getMessage());
            status = 1;
        }
        System.exit(status);
    }

    /**
     * Starts it with its output in {@code log}.
     *
     * @param most  steps to take at the most, then it stops as when interrupted
     * @param limit a shell command to run before, or empty
     */
    static Process start(Path run, long steps, long width, long most, Path log, String limit) throws IOException {
        Files.createDirectories(run);
        List<String> command = new ArrayList<>();
        if (!limit.isEmpty()) {
            command.addAll(List.of("sh", "-c", limit + "; exec \"$@\"", "sh"));
        }
        command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "--add-modules", "jdk.incubator.vector", "-XX:-UsePerfData",
                "-Xmx256m", "-cp", System.getProperty("java.class.path"), TrainProcess.class.getName(), run.toString(),
                Long.toString(steps), Long.toString(width), Long.toString(most)));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().put("OMP_NUM_THREADS", "1");
        builder.environment().put("HEED_THREADS", "1");
        return builder.start();
    }
}
