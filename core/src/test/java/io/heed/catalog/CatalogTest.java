package io.heed.catalog;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class CatalogTest {
    private record Entry(SystemCard card) implements SystemEntry {
        @Override
        public Map<String, GoldenModule> golden() {
            return Map.of();
        }
    }

    @Test
    void listsAllSystemsFromTheStart() {
        Catalog catalog = Catalog.of(List.of());
        assertThat(catalog.systems()).hasSize(49).allMatch(listing -> !listing.isBuilt());
        assertThat(catalog.baseline().card().id()).isEqualTo("softmax");
        for (Catalog.Listing listing : catalog.systems()) {
            SystemCard card = listing.card();
            assertThat(card.purpose()).as(card.id()).hasSizeBetween(40, 140).doesNotEndWith(".");
            assertThat(card.paper()).as(card.id()).containsPattern("arXiv \\d{4}\\.\\d{5}$");
            assertThat(card.title()).isNotBlank();
        }
        assertThat(catalog.systems().stream().map(listing -> listing.card().family()).distinct().toList())
                .containsExactly(Family.values());
    }

    @Test
    void listsExactlyTheSystemsThatHaveASheet() throws IOException {
        Path sheets = GoldenTests.folder().resolveSibling("systems");
        Assumptions.assumeTrue(Files.isDirectory(sheets), "no sheets: " + sheets + " is absent");
        try (Stream<Path> files = Files.list(sheets)) {
            assertThat(Catalog.of(List.of()).systems().stream().map(listing -> listing.card().id()))
                    .containsExactlyInAnyOrderElementsOf(files
                            .map(file -> file.getFileName().toString().replace(".md", "")).toList());
        }
    }

    @Test
    void marksWhatIsBuilt() {
        Claim claim = new Claim("memory", "Constant memory", "section 3");
        Catalog catalog = Catalog.of(List.of(new Entry(Catalog.card("aaren").withClaims(claim))));
        assertThat(catalog.get("aaren").isBuilt()).isTrue();
        assertThat(catalog.get("aaren").card().claims()).containsExactly(claim);
        assertThat(catalog.systems()).hasSize(49).filteredOn(Catalog.Listing::isBuilt).hasSize(1);
    }

    @Test
    void namesTheNearestSystem() {
        Catalog catalog = Catalog.of(List.of());
        assertThatThrownBy(() -> catalog.get("aren")).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("unknown system 'aren': did you mean 'aaren'?");
        assertThatThrownBy(() -> catalog.get("xyzzy")).hasMessageContaining("heed systems");
    }

    @Test
    void refusesABuiltSystemThatDoesNotFitTheList() {
        SystemCard card = Catalog.card("aaren");
        assertThatThrownBy(() -> Catalog.of(List.of(new Entry(card), new Entry(card)))).hasMessageContaining("twice");
        SystemCard strange = new SystemCard("strange", "S", Family.GRAPH, "", "", List.of());
        assertThatThrownBy(() -> Catalog.of(List.of(new Entry(strange)))).hasMessageContaining("not in systems.tsv");
        SystemCard moved = new SystemCard("aaren", "A", Family.GRAPH, "", "", List.of());
        assertThatThrownBy(() -> Catalog.of(List.of(new Entry(moved)))).hasMessageContaining("listed in sequence");
    }

    /** Prints the catalogue, for the test below. */
    static final class Lister {
        private Lister() { }

        public static void main(String[] args) {
            Catalog catalog = Catalog.load();
            Verdict verdict = new Verdict(Verdict.Outcome.PARTLY, "1.2x");
            System.out.println(catalog.systems().size() + " " + verdict + " "
                    + StudyStore.in(Path.of("none")).last("aaren").isPresent());
        }
    }

    @Test
    void listingWorksWhereThereIsNoLibtorch() throws IOException, InterruptedException {
        String path = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !entry.contains("bytedeco")).collect(Collectors.joining(File.pathSeparator));
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:auto",
                "-cp", path, Lister.class.getName()).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output.strip()).isEqualTo("49 partly reproduced: 1.2x false");
    }
}
