package io.heed.sequence.lama;

import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;

class LamaGoldenTest {
    @TestFactory
    Stream<DynamicTest> asTheCatalogueBuildsThem() {
        return GoldenTests.of(new LamaSystem());
    }
}
