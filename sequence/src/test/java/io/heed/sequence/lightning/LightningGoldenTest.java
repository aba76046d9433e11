package io.heed.sequence.lightning;

import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;
import io.heed.nn.Form;

class LightningGoldenTest {
    @TestFactory
    Stream<DynamicTest> asTheCatalogueBuildsThem() {
        return GoldenTests.of(new LightningSystem());
    }

    @TestFactory
    Stream<DynamicTest> inTheComposedForm() {
        return GoldenTests.of("lightning-attention", Map.of(
                "lightning-attention", golden -> LightningGolden.operator(golden, Form.REFERENCE),
                "lightning-attention-state", golden -> LightningGolden.withState(golden, Form.REFERENCE),
                "tnl-attention", golden -> LightningGolden.layer(golden, Form.REFERENCE)));
    }
}
