package io.heed.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** The launcher in a house of its own, with a JDK and a Maven of a few lines each, which tell what they were asked. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
    private static final List<String> TOOLS = List.of("sed", "find", "head", "uname", "cat", "mkdir", "rm", "mv", "cp",
            "grep", "readlink", "sleep");
    /** A release that no machine has, so that only the JDKs made here count. */
    private static final String WANTED = "9025";

    @TempDir
    private Path folder;

    private Path house;
    private Path tools;
    private Path jdk;

    /** What the launcher said and how it ended. */
    private record Outcome(int status, String out, String err) { }

    @BeforeEach
    void build() throws IOException {
        house = Files.createDirectories(folder.resolve("a house"));
        Files.createDirectories(house.resolve("app/src/main"));
        Files.writeString(house.resolve("pom.xml"), "<project/>");
        Files.writeString(house.resolve("app/pom.xml"), "<project/>");
        Path script = Path.of(System.getProperty("heed.root", "..")).resolve("heed");
        executable(house.resolve("heed"), Files.readString(script).replace("wanted=25", "wanted=" + WANTED));
        tools = Files.createDirectories(folder.resolve("tools"));
        for (String tool : TOOLS) {
            for (String place : List.of("/usr/bin/", "/bin/")) {
                Path program = Path.of(place + tool);
                if (Files.exists(program) && !Files.exists(tools.resolve(tool))) {
                    executable(tools.resolve(tool), "#!/bin/sh\nexec " + program + " \"$@\"\n");
                }
            }
        }
        jdk = jdk("jdk", WANTED + ".0.1");
    }

    @Test
    void aFreshBuildStartsAtOnceOnTheJdkThatJavaHomeNames() throws IOException, InterruptedException {
        fresh();
        executable(tools.resolve("mvn"), "#!/bin/sh\necho called >> '" + folder.resolve("mvn.log") + "'\n");
        Outcome run = heed(Map.of("JAVA_HOME", jdk.toString(), "HEED_JAVA_OPTS", "-Xmx3g"), "systems", "show",
                "two words");
        assertThat(run.status).as(run.err).isZero();
        assertThat(run.err).isEmpty();
        assertThat(run.out.lines()).startsWith(jdk + "/bin/java").contains("-Xmx3g", "-Dheed.home=" + house,
                house.resolve("app/target/launch-1/heed-app.jar") + ":" + house.resolve("app/target/lib/picocli.jar"))
                .endsWith("io.heed.cli.Heed", "systems", "show", "two words");
        assertThat(folder.resolve("mvn.log")).doesNotExist();
    }

    @Test
    void withoutJavaHomeTheJdkOfJavaOnThePathIsTaken() throws IOException, InterruptedException {
        fresh();
        Path other = jdk("other", WANTED);
        Files.createSymbolicLink(tools.resolve("java"), other.resolve("bin/java"));
        assertThat(heed(Map.of(), "systems").out.lines()).startsWith(other + "/bin/java");
        Outcome tooOld = heed(Map.of("JAVA_HOME", jdk("old", "21.0.4").toString()), "systems");
        assertThat(tooOld.out.lines()).startsWith(other + "/bin/java");
    }

    @Test
    void withoutAJdkOneLineSaysWhatToInstall() throws IOException, InterruptedException {
        fresh();
        Path runtime = jdk("runtime", WANTED);
        Files.delete(runtime.resolve("bin/javac"));
        for (Path home : List.of(jdk("old", "24.0.2"), runtime, folder.resolve("nowhere"))) {
            Outcome run = heed(Map.of("JAVA_HOME", home.toString()), "systems");
            assertThat(run.status).isEqualTo(2);
            assertThat(run.out).isEmpty();
            assertThat(run.err.lines()).containsExactly("heed: no JDK " + WANTED
                    + " or later found: install one, for example Eclipse Temurin " + WANTED + ", or set JAVA_HOME");
        }
    }

    @Test
    void changedSourcesAreBuiltOnce() throws IOException, InterruptedException {
        fresh();
        Path source = Files.writeString(house.resolve("app/src/main/A.java"), "class A { }");
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(2)));
        executable(tools.resolve("mvn"), "#!/bin/sh\necho \"$JAVA_HOME\" >> '" + folder.resolve("mvn.log") + "'\n"
                + "mkdir -p '" + house + "/app/target/lib'\necho new > '" + house + "/app/target/heed-app.jar'\n");
        Outcome first = heed(Map.of("JAVA_HOME", jdk.toString()), "systems");
        assertThat(first.status).as(first.err).isZero();
        assertThat(first.err.lines()).containsExactly("heed: sources changed, building (about half a minute) ...");
        assertThat(folder.resolve("mvn.log")).hasContent(jdk.toString());
        // the stamp is as old as the start of the build, which the source's time lies after
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().minusSeconds(60)));
        Outcome second = heed(Map.of("JAVA_HOME", jdk.toString()), "systems");
        assertThat(second.err).isEmpty();
        assertThat(Files.readAllLines(folder.resolve("mvn.log"))).hasSize(1);
        assertThat(house.resolve("app/target/lock")).doesNotExist();
    }

    @Test
    void aBuildThatFailsOrCannotStartLeavesTheLastOneInPlace() throws IOException, InterruptedException {
        Outcome without = heed(Map.of("JAVA_HOME", jdk.toString()), "systems");
        assertThat(without.status).isEqualTo(2);
        assertThat(without.err.lines()).containsExactly("heed: the first run builds with Maven, which is not on the"
                + " path: install Maven 3.8 or later");
        executable(tools.resolve("mvn"), "#!/bin/sh\necho '[INFO] fine'\necho '[ERROR] A.java: no'\nexit 1\n");
        Outcome failed = heed(Map.of("JAVA_HOME", jdk.toString()), "systems");
        assertThat(failed.status).isEqualTo(2);
        assertThat(failed.err.lines()).endsWith("[ERROR] A.java: no", "heed: the build failed; its messages are above");
        assertThat(house.resolve("app/target/current")).doesNotExist();
        assertThat(house.resolve("app/target/lock")).doesNotExist();
    }

    /** A build that is newer than all sources. */
    private void fresh() throws IOException {
        Path launch = Files.createDirectories(house.resolve("app/target/launch-1"));
        Files.createDirectories(house.resolve("app/target/lib"));
        Files.writeString(launch.resolve("heed-app.jar"), "");
        Files.writeString(house.resolve("app/target/lib/picocli.jar"), "");
        Files.writeString(house.resolve("app/target/current"), "launch-1\n");
        Path stamp = Files.writeString(launch.resolve("stamp"), "");
        Files.setLastModifiedTime(stamp, FileTime.from(Instant.now().plusSeconds(1)));
    }

    /** A JDK whose {@code java} prints its own path and its arguments. */
    private Path jdk(String name, String release) throws IOException {
        Path home = folder.resolve(name);
        Files.createDirectories(home.resolve("bin"));
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"nobody\"\nJAVA_VERSION=\"" + release + "\"\n");
        executable(home.resolve("bin/javac"), "#!/bin/sh\n");
        executable(home.resolve("bin/java"), "#!/bin/sh\nprintf '%s\\n' \"$0\" \"$@\"\n");
        return home;
    }

    private static void executable(Path file, String text) throws IOException {
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Outcome heed(Map<String, String> environment, String... arguments) throws IOException,
            InterruptedException {
        List<String> line = new ArrayList<>(List.of(house.resolve("heed").toString()));
        line.addAll(List.of(arguments));
        Path err = folder.resolve("err.txt");
        ProcessBuilder builder = new ProcessBuilder(line).redirectError(err.toFile());
        builder.environment().clear();
        builder.environment().putAll(Map.of("PATH", tools.toString(), "HOME", folder.toString()));
        builder.environment().putAll(environment);
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), out, Files.readString(err));
    }
}
