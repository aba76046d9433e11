package io.heed.sequence.graphaware;

import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;

class GraphAwareGoldenTest {
    @TestFactory
    Stream<DynamicTest> asTheCatalogueBuildsThem() {
        return GoldenTests.of(new GraphAwareSystem());
    }
}
