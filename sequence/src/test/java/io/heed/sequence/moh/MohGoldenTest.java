package io.heed.sequence.moh;

import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;
import io.heed.nn.Form;

class MohGoldenTest {
    @TestFactory
    Stream<DynamicTest> asTheCatalogueBuildsThem() {
        return GoldenTests.of(new MohSystem());
    }

    @TestFactory
    Stream<DynamicTest> inTheComposedForm() {
        return GoldenTests.of("moh", Map.of("attention", golden -> MohGolden.attention(golden, Form.REFERENCE),
                "vit-attention", golden -> MohGolden.vit(golden, Form.REFERENCE), "llama-attention",
                golden -> MohGolden.llama(golden, Form.REFERENCE)));
    }
}
