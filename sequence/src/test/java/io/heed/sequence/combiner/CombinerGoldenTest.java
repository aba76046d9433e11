package io.heed.sequence.combiner;

import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;
import io.heed.nn.Form;

class CombinerGoldenTest {
    @TestFactory
    Stream<DynamicTest> asTheCatalogueBuildsThem() {
        return GoldenTests.of(new CombinerSystem());
    }

    @TestFactory
    Stream<DynamicTest> inTheComposedForm() {
        return GoldenTests.of("combiner", Map.of(
                "combiner-fixed", golden -> CombinerGolden.attention(golden, CombinerConfig.Layout.FIXED,
                Form.REFERENCE),
                "combiner-logsparse", golden -> CombinerGolden.attention(golden, CombinerConfig.Layout.LOG_SPARSE,
                Form.REFERENCE),
                "combiner-axial-mixture",
                golden -> CombinerGolden.attention(golden, CombinerConfig.Layout.AXIAL_MIXTURE, Form.REFERENCE),
                "combiner-axial-rowmajor",
                golden -> CombinerGolden.attention(golden, CombinerConfig.Layout.AXIAL_ROW_MAJOR, Form.REFERENCE)));
    }
}
