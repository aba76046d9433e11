package io.heed.sequence.zoology;

import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;
import io.heed.nn.Form;

class ZoologyGoldenTest {
    @TestFactory
    Stream<DynamicTest> asTheCatalogueBuildsThem() {
        return GoldenTests.of(new ZoologySystem());
    }

    @TestFactory
    Stream<DynamicTest> inTheComposedForm() {
        return GoldenTests.of("zoology", ZoologyGolden.all(Form.REFERENCE));
    }
}
