package io.heed.sequence.flowformer;

import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;
import io.heed.nn.Form;

class FlowGoldenTest {
    @TestFactory
    Stream<DynamicTest> asTheCatalogueBuildsThem() {
        return GoldenTests.of(new FlowSystem());
    }

    @TestFactory
    Stream<DynamicTest> inTheComposedForm() {
        return GoldenTests.of("flowformer", Map.of(
                "flow-attention", golden -> FlowGolden.attention(golden, false, Form.REFERENCE),
                "flow-attention-causal", golden -> FlowGolden.attention(golden, true, Form.REFERENCE),
                "block", golden -> FlowGolden.block(golden, Form.REFERENCE)));
    }
}
