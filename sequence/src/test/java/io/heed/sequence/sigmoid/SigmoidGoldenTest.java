package io.heed.sequence.sigmoid;

import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;
import io.heed.nn.Form;

class SigmoidGoldenTest {
    @TestFactory
    Stream<DynamicTest> asTheCatalogueBuildsThem() {
        return GoldenTests.of(new SigmoidSystem());
    }

    @TestFactory
    Stream<DynamicTest> inTheComposedForm() {
        return GoldenTests.of("sigmoid-attention", Map.of(
                "attention", golden -> SigmoidGolden.attention(golden, Form.REFERENCE),
                "block", golden -> SigmoidGolden.block(golden, Form.REFERENCE),
                "cross-attention", golden -> SigmoidGolden.crossAttention(golden, Form.REFERENCE)));
    }
}
