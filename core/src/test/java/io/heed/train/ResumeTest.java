package io.heed.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import io.heed.tensor.Safetensors;

import static org.assertj.core.api.Assertions.assertThat;

/** What a run directory holds after its process was killed, interrupted, or found no room on the disk. */
class ResumeTest {
    private static final long STEPS = 600;

    @TempDir
    Path folder;

    private int finish(Path run, long steps, long width, long most, String limit) throws IOException,
            InterruptedException {
        Process process = TrainProcess.start(run, steps, width, most, log(run), limit);
        assertThat(process.waitFor(300, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    private Path log(Path run) {
        return folder.resolve(run.getFileName() + ".log");
    }

    /** The metrics without times, which differ from run to run. */
    private static List<String> metrics(Path run) throws IOException {
        List<String> lines = new ArrayList<>();
        ObjectMapper mapper = new ObjectMapper();
        for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
            ObjectNode node = (ObjectNode) mapper.readTree(line);
            node.remove(List.of("seconds", "tokens_per_s"));
            lines.add(node.toString());
        }
        return lines;
    }

    private static void waitForCheckpoint(Path run, Process process) throws InterruptedException {
        while (!Files.exists(run.resolve("checkpoint.safetensors")) && process.isAlive()) {
            Thread.sleep(2);
        }
    }

    @Test
    void aRunKilledAtRandomMomentsEndsLikeOneThatWasNot() throws Exception {
        Path whole = folder.resolve("whole");
        Path killed = folder.resolve("killed");
        assertThat(finish(whole, STEPS, 64, STEPS, "")).as(Files.readString(log(whole))).isZero();

        Random random = new Random();
        int kills = 0;
        for (int attempt = 0; attempt < 2; attempt++) {
            Process process = TrainProcess.start(killed, STEPS, 64, STEPS, log(killed), "");
            waitForCheckpoint(killed, process);
            Thread.sleep(random.nextInt(400));
            kills += process.isAlive() ? 1 : 0;
            process.destroyForcibly().waitFor();
            // whatever the moment: the checkpoint is whole
            Safetensors.open(killed.resolve("checkpoint.safetensors")).tensors().values()
                    .forEach(tensor -> tensor.close());
        }
        assertThat(kills).isPositive();
        assertThat(finish(killed, STEPS, 64, STEPS, "")).as(Files.readString(log(killed))).isZero();

        assertThat(metrics(killed)).hasSize((int) (STEPS + STEPS / 70 + 1)).isEqualTo(metrics(whole));
        assertThat(Files.mismatch(killed.resolve("model.safetensors"), whole.resolve("model.safetensors")))
                .isEqualTo(-1);
        try (var files = Files.list(killed)) {
            assertThat(files.map(file -> file.getFileName().toString())).noneMatch(name -> name.endsWith(".tmp"));
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void anInterruptedRunFinishesItsStepSavesAndExits130() throws Exception {
        Path run = folder.resolve("interrupted");
        Process process = TrainProcess.start(run, 1_000_000, 64, 1_000_000, log(run), "");
        waitForCheckpoint(run, process);
        process.destroy();    // SIGTERM, which takes the same way as Ctrl-C and which no shell makes a child ignore
        assertThat(process.waitFor(300, TimeUnit.SECONDS)).isTrue();
        String log = Files.readString(log(run));
        assertThat(process.exitValue()).as(log).isEqualTo(130);
        List<String> lines = metrics(run);
        String last = lines.getLast().replaceFirst(".*\"step\":(\\d+).*", "$1");
        assertThat(Safetensors.open(run.resolve("checkpoint.safetensors")).metadata().get("checkpoint"))
                .contains("\"step\":" + last + ",");
        assertThat(log).contains("ended at step " + last);
        assertThat(run.resolve("model.safetensors")).doesNotExist();
    }

    /** A limit on file sizes stands for a full disk: writes fail half-way just so. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aFullDiskLeavesTheLastGoodCheckpoint() throws Exception {
        Path run = folder.resolve("full");
        long width = 20_000;    // a checkpoint of 720 kB
        assertThat(finish(run, 200, width, 100, "")).as(Files.readString(log(run))).isEqualTo(130);
        byte[] good = Files.readAllBytes(run.resolve("checkpoint.safetensors"));

        assertThat(finish(run, 200, width, 200, "ulimit -f 20")).isEqualTo(1);
        assertThat(Files.readAllBytes(run.resolve("checkpoint.safetensors"))).isEqualTo(good);
        assertThat(run.resolve("model.safetensors")).doesNotExist();
        String log = Files.readString(log(run));
        for (String line : List.of("warning: cannot save " + run.resolve("checkpoint.safetensors") + ": ",
                "warning: cannot write " + run.resolve("metrics.jsonl") + ": ",
                "error: cannot save " + run.resolve("model.safetensors") + ": ")) {
            assertThat(log).contains(line);
        }
        assertThat(log.lines().filter(line -> line.startsWith("error: "))).hasSize(1);

        assertThat(finish(run, 200, width, 200, "")).as(Files.readString(log(run))).isZero();
        assertThat(metrics(run).stream().filter(line -> !line.contains("validation"))
                .map(line -> line.replaceFirst(".*\"step\":(\\d+).*", "$1")).mapToLong(Long::parseLong).toArray())
                .isEqualTo(LongStream.rangeClosed(1, 200).toArray());
    }
}
