package io.heed.train;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.heed.tensor.Safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class RunDirectoryTest {
    private static final TrainConfig CONFIG = TrainConfig.defaults().withSteps(20).withEvery(10, 0);

    @TempDir
    Path folder;

    @Test
    void runsOfTheSameSecondHaveFoldersOfTheirOwn() {
        try (RunDirectory one = RunDirectory.create(folder, "text: a/b");
             RunDirectory two = RunDirectory.create(folder, "text: a/b")) {
            assertThat(one.path()).isNotEqualTo(two.path());
            assertThat(one.path().getFileName().toString()).matches("\\d{8}-\\d{6}-text-a-b");
            try (RunDirectory child = one.child("../softmax")) {
                assertThat(child.path().getParent()).isEqualTo(one.path());
            }
        }
    }

    @Test
    void aRunInUseIsRefused() {
        try (RunDirectory run = RunDirectory.create(folder, "busy")) {
            assertThatThrownBy(() -> RunDirectory.open(run.path())).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(run.path() + " is in use by process (" + ProcessHandle.current().pid()
                            + "); wait for it to end, or start another run");
            run.close();
            RunDirectory.open(run.path()).close();
        }
    }

    @Test
    void aFolderThatCannotBeMadeOrIsNoneIsOneClearLine() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        assertThatThrownBy(() -> RunDirectory.create(file, "x")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("cannot make a run folder in " + file + ": ");
        assertThatThrownBy(() -> RunDirectory.open(file)).hasMessageStartingWith(file + " is not a run folder");
        Path empty = Files.createDirectory(folder.resolve("empty"));
        try (RunDirectory run = RunDirectory.open(empty)) {
            assertThatThrownBy(run::readConfig).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(empty + " has no readable config.json, so it is not a run folder");
            run.writeConfig(CONFIG);
            assertThat(TrainConfig.fromJson(run.readConfig())).isEqualTo(CONFIG);
        }
    }

    @Test
    void keepsMetricsEventsCheckpointAndModel() throws IOException {
        List<TrainEvent.Stepped> steps = new ArrayList<>();
        List<String> warnings = new ArrayList<>();
        Path path;
        try (RunDirectory run = RunDirectory.create(folder, "sine");
             Trainer<Perceptron> trainer = new Trainer<>(SineTask.model(1, 0), new SineTask(), CONFIG)) {
            path = run.path();
            run.attach(trainer, warnings::add).listen(event -> {
                if (event instanceof TrainEvent.Stepped step) {
                    steps.add(step);
                }
            }).run();
            assertThat(Files.readAllLines(run.metrics())).hasSize(22);
            assertThat(run.hasCheckpoint()).isTrue();
            assertThat(Safetensors.open(run.model()).names())
                    .containsExactlyInAnyOrder("hidden.weight", "hidden.bias", "output.weight", "output.bias", "scale");
        }
        assertThat(warnings).isEmpty();
        List<Map<String, Float>> scalars = new ArrayList<>();
        List<Long> numbers = new ArrayList<>();
        readEvents(path, numbers, scalars);
        assertThat(numbers).hasSize(2 + 20 + 2).startsWith(0L, 1L, 1L).endsWith(20L, 20L);
        for (int i = 0; i < 9; i++) {
            assertThat(scalars.get(2 + i)).containsEntry("train/loss", (float) steps.get(i).loss())
                    .containsEntry("train/rate", (float) steps.get(i).rate()).hasSize(4);
        }
        assertThat(scalars.getLast()).containsKeys("validation/loss", "validation/rmse");
    }

    /** Reads the event file by the formats' definitions alone, checking every checksum. */
    private static void readEvents(Path run, List<Long> steps, List<Map<String, Float>> scalars) throws IOException {
        Path file;
        try (var files = Files.newDirectoryStream(run, "events.out.tfevents.*")) {
            file = files.iterator().next();
        }
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        while (in.hasRemaining()) {
            byte[] length = new byte[8];
            in.get(length);
            assertThat(in.getInt()).isEqualTo(maskedCrc(length));
            byte[] event = new byte[(int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong()];
            in.get(event);
            assertThat(in.getInt()).isEqualTo(maskedCrc(event));
            Map<Integer, Object> fields = new LinkedHashMap<>();
            Map<String, Float> values = new LinkedHashMap<>();
            parse(event).forEach(field -> fields.put(field.number(), field.value()));
            if (fields.get(5) instanceof byte[] summary) {
                for (Field entry : parse(summary)) {
                    List<Field> value = parse((byte[]) entry.value());
                    values.put(new String((byte[]) value.get(0).value(), StandardCharsets.UTF_8),
                            Float.intBitsToFloat((Integer) value.get(1).value()));
                }
            }
            steps.add((Long) fields.get(2));
            scalars.add(values);
            if (steps.size() == 1) {
                assertThat((byte[]) fields.get(3)).asString().isEqualTo("brain.Event:2");
            }
        }
    }

    private record Field(int number, Object value) { }

    private static List<Field> parse(byte[] message) {
        ByteBuffer in = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
        List<Field> fields = new ArrayList<>();
        while (in.hasRemaining()) {
            int key = (int) varint(in);
            fields.add(new Field(key >> 3, switch (key & 7) {
                case 0 -> varint(in);
                case 1 -> in.getDouble();
                case 2 -> {
                    byte[] bytes = new byte[(int) varint(in)];
                    in.get(bytes);
                    yield bytes;
                }
                case 5 -> in.getInt();
                default -> throw new AssertionError("wire type " + (key & 7));
            }));
        }
        return fields;
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte b = in.get();
            value |= (b & 0x7FL) << shift;
            if (b >= 0) {
                return value;
            }
        }
    }

    /** CRC-32C bit by bit (polynomial 0x1EDC6F41, reflected 0x82F63B78), masked as TFRecord does. */
    private static int maskedCrc(byte[] bytes) {
        int crc = -1;
        for (byte b : bytes) {
            crc ^= b & 0xFF;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc >>> 1) ^ ((crc & 1) == 0 ? 0 : 0x82F63B78);
            }
        }
        crc = ~crc;
        return ((crc >>> 15) | (crc << 17)) + 0xa282ead8;
    }

    @Test
    void metricsAreCutToTheStepOfTheCheckpoint() throws IOException {
        Path file = folder.resolve("metrics.jsonl");
        String kept = "{\"step\":1,\"loss\":3}\n{\"step\":2,\"loss\":2}\n{\"step\":2,\"validation_loss\":2}\n";
        for (String lost : new String[] {"", "{\"step\":3,\"loss\":1}\n", "{\"step\":3,\"lo",
                "\0\0\0\0\n{\"step\":1}\n"}) {
            Files.writeString(file, kept + lost);
            MetricsLog.truncate(file, 2);
            assertThat(file).hasContent(kept);
        }
        MetricsLog.truncate(file, 0);
        assertThat(file).isEmptyFile();
    }

    @Test
    void withoutATerminalProgressIsALineNowAndThen() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        long[] clock = {0};
        try (ProgressDisplay display = new ProgressDisplay("softmax", new PrintStream(bytes, true), false,
                () -> clock[0])) {
            display.on(new TrainEvent.Started(0, 1000, "text", 10, 500));
            for (long step = 1; step <= 250; step++) {
                clock[0] = step * 70_000_000L;    // 70 ms a step: 5 s is 72 steps, a tenth is 100
                display.on(new TrainEvent.Stepped(step, 2.5, 1e-3, 1, 0.07, 500 / 0.07));
            }
            display.on(new TrainEvent.Evaluated(250, Evaluation.of(2.25, "perplexity", 9.488), 1));
        }
        assertThat(bytes.toString(StandardCharsets.UTF_8).lines()).containsExactly(
                "softmax  step 72/1000  loss 2.5000  7,143 tokens/s  1:05 left",
                "softmax  step 100/1000  loss 2.5000  7,143 tokens/s  1:03 left",
                "softmax  step 172/1000  loss 2.5000  7,143 tokens/s  0:58 left",
                "softmax  step 200/1000  loss 2.5000  7,143 tokens/s  0:56 left",
                "softmax  step 250/1000  validation loss 2.2500, perplexity 9.488");
    }
}
