package io.heed.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The command in a JVM of its own. */
final class HeedProcess {
    private final Process process;
    private final Path out;
    private final Path err;

    private HeedProcess(Process process, Path out, Path err) {
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /** Starts {@code heed arguments} in {@code folder}. */
    static HeedProcess start(Path folder, List<String> arguments) throws IOException {
        List<String> line = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow", "--add-exports=java.base/jdk.internal.module=ALL-UNNAMED",
                "-Dheed.home=" + folder, "-cp", System.getProperty("java.class.path"), "io.heed.cli.Heed"));
        line.addAll(arguments);
        Path out = Files.createTempFile(folder, "out", ".txt");
        Path err = Files.createTempFile(folder, "err", ".txt");
        ProcessBuilder builder = new ProcessBuilder(line).directory(folder.toFile()).redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().put("OMP_WAIT_POLICY", "passive");
        return new HeedProcess(builder.start(), out, err);
    }

    /** Waits until {@code file} has {@code lines} lines. */
    HeedProcess untilLines(Path file, int lines) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
        while (!Files.exists(file) || Files.readString(file).lines().count() < lines) {
            if (!process.isAlive() || System.nanoTime() > end) {
                throw new AssertionError(file + " never had " + lines + " lines: " + err());
            }
            Thread.sleep(20);
        }
        return this;
    }

    /** Sends a signal by its name. */
    HeedProcess signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).start().waitFor();
        return this;
    }

    /** Waits for the end; the exit status. */
    int status() throws InterruptedException {
        if (!process.waitFor(180, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("the command did not end");
        }
        return process.exitValue();
    }

    String out() throws IOException {
        return Files.readString(out);
    }

    String err() throws IOException {
        return Files.readString(err);
    }
}
