package io.heed.inference.llama;

import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;

class LlamaGoldenTest {
    @TestFactory
    Stream<DynamicTest> golden() {
        return GoldenTests.of("llama", LlamaGolden.modules());
    }
}
