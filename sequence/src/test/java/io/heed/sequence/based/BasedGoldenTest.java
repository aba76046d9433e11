package io.heed.sequence.based;

import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;
import io.heed.nn.Form;

class BasedGoldenTest {
    @TestFactory
    Stream<DynamicTest> asTheCatalogueBuildsThem() {
        return GoldenTests.of(new BasedSystem());
    }

    @TestFactory
    Stream<DynamicTest> inTheComposedForm() {
        return GoldenTests.of("based", Map.of(
                "linear-attention", golden -> BasedGolden.linear(golden, Form.REFERENCE),
                "linear-attention-step", BasedGolden::step,
                "short-convolution", golden -> BasedGolden.convolution(golden, Form.REFERENCE),
                "sliding-window", golden -> BasedGolden.window(golden, Form.REFERENCE),
                "stack", golden -> BasedGolden.stack(golden, Form.REFERENCE)));
    }
}
