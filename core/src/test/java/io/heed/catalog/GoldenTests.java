package io.heed.catalog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A system's golden files as tests, for the test classes of all families:
 *
 * {@snippet :
 * @TestFactory
 * Stream<DynamicTest> golden() {
 *     return GoldenTests.of(new AarenEntry());
 * }
 * }
 *
 * <p>Where the folder {@code ../shared/golden} beside the repository is absent, one skipped test says so.
 */
public final class GoldenTests {
    private GoldenTests() { }

    /** The golden files of this system, held to what it builds. */
    public static Stream<DynamicTest> of(SystemEntry entry) {
        return of(entry.card().id(), entry.golden());
    }

    /** The golden files of this system, held to these modules; a file that names none of them fails. */
    public static Stream<DynamicTest> of(String system, Map<String, GoldenModule> modules) {
        Path folder = folder().resolve(system);
        if (!Files.isDirectory(folder)) {
            return Stream.of(DynamicTest.dynamicTest("golden " + system,
                    () -> Assumptions.abort("no golden files: " + folder + " is absent")));
        }
        try {
            return GoldenSuite.files(List.of(folder)).stream()
                    .map(file -> DynamicTest.dynamicTest(file.getFileName().toString(), () -> check(file, modules)));
        } catch (IOException e) {
            return Stream.of(DynamicTest.dynamicTest("golden " + system, () -> {
                throw e;
            }));
        }
    }

    /** Where golden files are, whether or not the folder exists. */
    public static Path folder() {
        return Path.of(System.getProperty("heed.root", "..")).resolve("../shared/golden").normalize();
    }

    private static void check(Path file, Map<String, GoldenModule> modules) throws IOException {
        GoldenCase golden = GoldenCase.open(file);
        GoldenModule module = modules.get(golden.module());
        assertThat(module).as("%s: nothing builds '%s'", golden.name(), golden.module()).isNotNull();
        GoldenResult result = GoldenRunner.run(golden, module);
        assertThat(result.outcome()).as(result.line()).isEqualTo(GoldenResult.Outcome.PASS);
    }
}
