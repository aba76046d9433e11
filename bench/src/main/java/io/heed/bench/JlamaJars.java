package io.heed.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Jlama's jars. They are fetched by Maven when they are first measured, so that neither the build nor another command
 * has to do with them.
 */
final class JlamaJars {
    /** The last release; it runs on JDK 25, though it was built for JDK 20. */
    static final String VERSION = "0.8.4";
    private static final long PATIENCE_SECONDS = 180;

    private JlamaJars() { }

    /**
     * The jars, fetched if they are not there yet.
     *
     * @param withNative whether its library in C is among them
     * @throws Unavailable in one line when they cannot be had
     */
    static URL[] urls(boolean withNative) throws Unavailable {
        Path folder = Path.of(System.getProperty("heed.home", "")).resolve("bench/target/jlama-" + VERSION);
        try {
            if (!Files.isDirectory(folder)) {
                fetch(folder);
            }
            try (Stream<Path> files = Files.list(folder)) {
                return files.filter(file -> withNative || !file.getFileName().toString().startsWith("jlama-native"))
                        .sorted().map(JlamaJars::url).toArray(URL[]::new);
            }
        } catch (IOException e) {
            throw new Unavailable("Jlama's jars cannot be fetched by Maven: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Unavailable("interrupted while Maven fetched Jlama's jars");
        }
    }

    private static void fetch(Path folder) throws IOException, InterruptedException, Unavailable {
        Files.createDirectories(folder.toAbsolutePath().getParent());
        Path work = Files.createTempDirectory(folder.toAbsolutePath().getParent(), "jlama");
        Path pom = work.resolve("pom.xml");
        try (InputStream source = JlamaJars.class.getResourceAsStream("jlama.xml")) {
            Files.copy(source, pom);
        }
        Path jars = work.resolve("jars");
        Path log = work.resolve("log");
        List<String> command = new ArrayList<>(windows() ? List.of("cmd", "/c", "mvn") : List.of("mvn"));
        command.addAll(List.of("-B", "-q", "-f", pom.toString(), "-Djlama=" + VERSION, "-Dplatform=" + platform(),
                "dependency:copy-dependencies", "-DoutputDirectory=" + jars));
        Process maven;
        try {
            maven = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        } catch (IOException e) {
            delete(log, pom, work);
            throw e;
        }
        if (!maven.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            maven.destroy();
            throw new Unavailable("Maven did not fetch Jlama's jars within " + PATIENCE_SECONDS + " s");
        }
        if (maven.exitValue() != 0) {
            throw new Unavailable("Maven could not fetch Jlama's jars; it says why in " + log);
        }
        Files.move(jars, folder);
        delete(log, pom, work);
    }

    private static void delete(Path... files) throws IOException {
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
    }

    private static boolean windows() {
        return System.getProperty("os.name").startsWith("Windows");
    }

    /** As the native jar's classifiers name it. */
    private static String platform() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String name = os.startsWith("mac") ? "osx" : windows() ? "windows" : "linux";
        return name + (System.getProperty("os.arch").equals("aarch64") ? "-aarch_64" : "-x86_64");
    }

    private static URL url(Path file) {
        try {
            return file.toUri().toURL();
        } catch (MalformedURLException e) {
            throw new UncheckedIOException(e);
        }
    }
}
