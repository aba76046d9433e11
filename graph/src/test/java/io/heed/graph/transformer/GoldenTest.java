package io.heed.graph.transformer;

import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;

class GoldenTest {
    @TestFactory
    Stream<DynamicTest> golden() {
        return GoldenTests.of("graph-transformer", GoldenModules.all());
    }
}
