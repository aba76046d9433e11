package io.heed.sequence.zoology;

import java.nio.file.Files;
import java.nio.file.Path;

import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;

import io.heed.catalog.Catalog;
import io.heed.catalog.GoldenResult;
import io.heed.catalog.GoldenSuite;
import io.heed.catalog.GoldenTests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

class ZoologySystemTest {
    @Test
    void recallGeneratorAgreesWithTheOfficialOne() {
        Path file = GoldenTests.folder().resolve("zoology/mqar_core.safetensors");
        assumeTrue(Files.exists(file));
        try (PointerScope _ = new PointerScope()) {
            GoldenResult result = GoldenSuite.run(Catalog.load(), file);
            assertThat(result.outcome()).as(result.line()).isEqualTo(GoldenResult.Outcome.PASS);
        }
    }

    @Test
    void isListedAsNotYetBuilt() {
        assertThat(Catalog.load().get("zoology").isBuilt()).isFalse();
        assertThat(Catalog.load().baseline().isBuilt()).isTrue();
    }
}
