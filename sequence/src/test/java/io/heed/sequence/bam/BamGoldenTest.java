package io.heed.sequence.bam;

import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;
import io.heed.nn.Form;

class BamGoldenTest {
    @TestFactory
    Stream<DynamicTest> asTheCatalogueBuildsThem() {
        return GoldenTests.of(new BamSystem());
    }

    @TestFactory
    Stream<DynamicTest> inTheComposedForm() {
        return GoldenTests.of("bam", Map.of("bam-block", golden -> BamGolden.block(golden, Form.REFERENCE),
                "upcycling", golden -> BamGolden.upcycling(golden, Form.REFERENCE)));
    }
}
