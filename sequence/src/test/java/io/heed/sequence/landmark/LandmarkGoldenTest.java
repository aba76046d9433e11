package io.heed.sequence.landmark;

import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;
import io.heed.nn.Form;

class LandmarkGoldenTest {
    @TestFactory
    Stream<DynamicTest> asTheCatalogueBuildsThem() {
        return GoldenTests.of(new LandmarkSystem());
    }

    @TestFactory
    Stream<DynamicTest> inTheComposedForm() {
        return GoldenTests.of("landmark-attention", Map.of("grouped-softmax", LandmarkGolden::softmax,
                "attention", golden -> LandmarkGolden.attention(golden, Form.REFERENCE),
                "model", golden -> LandmarkGolden.model(golden, Form.REFERENCE),
                "inference", LandmarkGolden::inference));
    }
}
