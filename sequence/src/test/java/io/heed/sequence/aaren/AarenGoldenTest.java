package io.heed.sequence.aaren;

import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;
import io.heed.nn.Form;

class AarenGoldenTest {
    @TestFactory
    Stream<DynamicTest> asTheCatalogueBuildsThem() {
        return GoldenTests.of(new AarenSystem());
    }

    @TestFactory
    Stream<DynamicTest> inTheComposedForm() {
        return GoldenTests.of("aaren", Map.of(
                "aaren", golden -> AarenGolden.mixer(golden, Form.REFERENCE),
                "stack", golden -> AarenGolden.stack(golden, Form.REFERENCE),
                "prefix-scan", golden -> AarenGolden.scan(golden, Form.REFERENCE),
                "recurrent", golden -> AarenGolden.recurrent(golden, Form.REFERENCE)));
    }
}
