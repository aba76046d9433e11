package io.heed.sequence.gaussian;

import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;
import io.heed.nn.Form;

class GaussianGoldenTest {
    @TestFactory
    Stream<DynamicTest> asTheCatalogueBuildsThem() {
        return GoldenTests.of(new GaussianSystem());
    }

    @TestFactory
    Stream<DynamicTest> asWritten() {
        return GoldenTests.of("gaussian-attention", Map.of(
                "gaussian-attention", golden -> GaussianGolden.head(golden, Form.REFERENCE),
                "multi-head", golden -> GaussianGolden.heads(golden, Form.REFERENCE),
                "multi-head-weights", golden -> GaussianGolden.heads(golden, Form.REFERENCE),
                "block", golden -> GaussianGolden.block(golden, Form.REFERENCE),
                "experiment-variant", GaussianGolden::experiment));
    }
}
