package io.heed.insight.sink;

import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;
import io.heed.nn.Form;

class SinkGoldenTest {
    @TestFactory
    Stream<DynamicTest> asTheCatalogueBuildsThem() {
        return GoldenTests.of(new SinkSystem());
    }

    @TestFactory
    Stream<DynamicTest> inTheComposedForm() {
        return GoldenTests.of("attention-sink", Map.of("model", golden -> SinkGolden.model(golden, Form.REFERENCE),
                "sink-metric", SinkGolden::metric));
    }
}
