package io.heed.sequence.gaussian;

import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;

class GaussianGoldenTest {
    @TestFactory
    Stream<DynamicTest> asTheCatalogueBuildsThem() {
        return GoldenTests.of(new GaussianSystem());
    }
}
