package io.heed.sequence.routing;

import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

import io.heed.catalog.GoldenTests;
import io.heed.nn.Form;

class RoutingGoldenTest {
    @TestFactory
    Stream<DynamicTest> asTheCatalogueBuildsThem() {
        return GoldenTests.of(new RoutingSystem());
    }

    @TestFactory
    Stream<DynamicTest> inTheComposedForm() {
        return GoldenTests.of("routing-transformer", Map.of(
                "attention", golden -> RoutingGolden.attention(golden, Form.REFERENCE),
                "routed-attention", golden -> RoutingGolden.routed(golden, Form.REFERENCE),
                "online-kmeans", RoutingGolden::kMeans));
    }
}
