package io.heed.sequence.transnormer;

import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;
import io.heed.nn.Form;

class TransNormerGoldenTest {
    @TestFactory
    Stream<DynamicTest> asTheCatalogueBuildsThem() {
        return GoldenTests.of(new TransNormerSystem());
    }

    @TestFactory
    Stream<DynamicTest> inTheComposedForm() {
        return GoldenTests.of("transnormer-llm", Map.of(
                "norm-linear-attention", golden -> TransNormerGolden.mixer(golden, Form.REFERENCE),
                "block", golden -> TransNormerGolden.block(golden, Form.REFERENCE),
                "language-model", golden -> TransNormerGolden.model(golden, Form.REFERENCE),
                "recurrent-decoding", golden -> TransNormerGolden.decoding(golden)));
    }
}
