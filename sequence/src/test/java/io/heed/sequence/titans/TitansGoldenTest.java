package io.heed.sequence.titans;

import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;
import io.heed.nn.Form;

class TitansGoldenTest {
    @TestFactory
    Stream<DynamicTest> asTheCatalogueBuildsThem() {
        return GoldenTests.of(new TitansSystem());
    }

    @TestFactory
    Stream<DynamicTest> tokenByToken() {
        return GoldenTests.of("titans", TitansGolden.all(Form.REFERENCE));
    }
}
