package io.heed.sequence;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Listing mixers must not load libtorch: here it is done by a JVM that has no native library on its class path. */
class ListingTest {
    /** Prints the ids of all mixers. */
    public static final class Listing {
        private Listing() { }

        public static void main(String[] args) {
            System.out.println(Mixers.all().stream().map(MixerKind::id).collect(Collectors.joining(" ")));
        }
    }

    @Test
    void mixersAreListedWithoutNativeLibraries() throws IOException, InterruptedException {
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !Path.of(entry).getFileName().toString()
                .matches("(pytorch|javacpp|openblas)-.*-(linux|macosx|"
                        + "windows)-.*\\.jar")).collect(Collectors.joining(File.pathSeparator));
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                classPath, Listing.class.getName()).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output.strip().split(" ")).contains("softmax", "sigmoid-attention", "lightning-attention", "aaren");
    }
}
