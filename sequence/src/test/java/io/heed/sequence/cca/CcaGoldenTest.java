package io.heed.sequence.cca;

import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;
import io.heed.nn.Form;

class CcaGoldenTest {
    @TestFactory
    Stream<DynamicTest> asTheCatalogueBuildsThem() {
        return GoldenTests.of(new CcaSystem());
    }

    @TestFactory
    Stream<DynamicTest> inTheComposedForm() {
        return GoldenTests.of("cca-attention", Map.of("core", golden -> CcaGolden.core(golden, Form.REFERENCE),
                "attention", golden -> CcaGolden.attention(golden, Form.REFERENCE)));
    }
}
