package io.heed.sequence.dsf;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenModule;
import io.heed.catalog.GoldenTests;
import io.heed.nn.Form;

class DsfGoldenTest {
    @TestFactory
    Stream<DynamicTest> asTheCatalogueBuildsThem() {
        return GoldenTests.of(new DsfSystem());
    }

    @TestFactory
    Stream<DynamicTest> inTheComposedForm() {
        Map<String, GoldenModule> modules = new HashMap<>(new DsfSystem().golden()); // the systems have no forms
        modules.putAll(Map.of(
                "softmax-attention", golden -> DsfGolden.softmax(golden, Form.REFERENCE),
                "linear-attention", golden -> DsfGolden.linear(golden, Form.REFERENCE),
                "normalised-attention", golden -> DsfGolden.normalised(golden, Form.REFERENCE),
                "s6", golden -> DsfGolden.s6(golden, Form.REFERENCE),
                "ssd", golden -> DsfGolden.ssd(golden, Form.REFERENCE),
                "qlstm", golden -> DsfGolden.qlstm(golden, Form.REFERENCE),
                "qlstm-reversed", golden -> DsfGolden.qlstm(golden, Form.REFERENCE)));
        return GoldenTests.of("dsf", modules);
    }
}
