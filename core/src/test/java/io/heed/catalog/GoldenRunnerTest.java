package io.heed.catalog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

import io.heed.tensor.Ops;
import io.heed.tensor.Safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class GoldenRunnerTest {
    private static final GoldenModule LINEAR = golden -> {
        LinearImpl linear = new LinearImpl(golden.config().get("in").asInt(), golden.config().get("out").asInt());
        return new GoldenSubject(linear, in -> Map.of("y", linear.forward(in.get("x"))));
    };

    @TempDir
    Path folder;
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    /** y = x W' + b and its gradients, written out. */
    @BeforeEach
    void linearCase() {
        Tensor x = torch.randn(2, 3);
        Tensor weight = torch.randn(4, 3);
        Tensor bias = torch.randn(4);
        Tensor probe = torch.randn(2, 4);
        tensors.put("weight.weight", weight);
        tensors.put("weight.bias", bias);
        tensors.put("input.x", x);
        tensors.put("output.y", x.matmul(weight.t()).add(bias));
        tensors.put("probe.y", probe);
        tensors.put("grad.input.x", probe.matmul(weight));
        tensors.put("grad.weight.weight", probe.t().matmul(x));
        tensors.put("grad.weight.bias", probe.sum(0));
        metadata.putAll(Map.of("system", "aaren", "module", "linear", "source", "reference", "config",
                "{\"in\": 3, \"out\": 4}", "tolerance", "1e-5"));
    }

    private GoldenResult run(GoldenModule module) throws IOException {
        Path path = folder.resolve("case.safetensors");
        Safetensors.write(path, tensors, metadata);
        return GoldenRunner.run(GoldenCase.open(path), module);
    }

    private void nudge(String name, double by) {
        Tensor changed = tensors.get(name).clone();
        changed.view(-1).select(0, 0).add_(new Scalar(by));
        tensors.put(name, changed);
    }

    @Test
    void aCorrectModulePasses() throws IOException {
        GoldenResult result = run(LINEAR);
        assertThat(result.line()).startsWith("PASS aaren/case ").endsWith(" 1.00e-05");
        assertThat(result.error()).isLessThan(1e-5);
    }

    @Test
    void everyTensorIsCompared() throws IOException {
        for (String name : List.of("output.y", "grad.input.x", "grad.weight.weight", "grad.weight.bias", "weight.bias",
                "weight.weight", "input.x", "probe.y")) {
            Tensor right = tensors.get(name);
            nudge(name, 0.5);
            GoldenResult result = run(LINEAR);
            assertThat(result.outcome()).as(name).isEqualTo(GoldenResult.Outcome.FAIL);
            if (name.startsWith("output") || name.startsWith("grad")) {
                assertThat(result.tensor()).isEqualTo(name);
                assertThat(result.line()).contains(name + " is off (1 of 4 tensors)");
            }
            tensors.put(name, right);
        }
        assertThat(run(LINEAR).outcome()).isEqualTo(GoldenResult.Outcome.PASS);
    }

    @Test
    void errorsAreRelativeToTheLargestExpectedValue() throws IOException {
        tensors.clear();
        tensors.put("output.y", Ops.of(new float[] {1000, 0, Float.NEGATIVE_INFINITY, Float.NaN}));
        Tensor given = Ops.of(new float[] {1000.5f, 0.005f, Float.NEGATIVE_INFINITY, Float.NaN});
        GoldenModule module = golden -> GoldenSubject.of(in -> Map.of("y", given));
        assertThat(run(module).error()).isBetween(4.9e-4, 5.1e-4);
        metadata.put("tolerance", "1e-3");
        assertThat(run(module).outcome()).isEqualTo(GoldenResult.Outcome.PASS);
        GoldenModule nan = golden -> GoldenSubject.of(in -> Map.of("y", Ops.of(new float[] {1000, Float.NaN, 0, 0})));
        assertThat(run(nan).error()).isInfinite();
        assertThat(run(nan).outcome()).isEqualTo(GoldenResult.Outcome.FAIL);
    }

    @Test
    void wholeNumbersAndBooleansAreComparedExactly() throws IOException {
        tensors.clear();
        tensors.put("output.index", Ops.of(new long[] {1L << 60, 2}));
        tensors.put("output.mask", Ops.of(new boolean[] {true, false}));
        Map<String, Tensor> right = Map.of("index", Ops.of(new long[] {1L << 60, 2}), "mask",
                Ops.of(new boolean[] {true, false}));
        assertThat(run(golden -> GoldenSubject.of(in -> right)).outcome()).isEqualTo(GoldenResult.Outcome.PASS);
        Map<String, Tensor> wrong = Map.of("index", Ops.of(new long[] {(1L << 60) + 1, 2}), "mask", right.get("mask"));
        GoldenResult result = run(golden -> GoldenSubject.of(in -> wrong));
        assertThat(result.outcome()).isEqualTo(GoldenResult.Outcome.FAIL);
        assertThat(result.tensor()).isEqualTo("output.index");
        Map<String, Tensor> floats = Map.of("index", right.get("index").to(ScalarType.Float), "mask",
                right.get("mask"));
        assertThat(run(golden -> GoldenSubject.of(in ->
                floats)).message()).contains("output.index is Float, expected Long");
    }

    @Test
    void weightsAreLoadedStrictly() throws IOException {
        tensors.put("weight.scale", torch.ones(1));
        assertThat(run(LINEAR).message()).contains("unused: scale (1)");
        tensors.remove("weight.scale");
        Tensor bias = tensors.remove("weight.bias");
        assertThat(run(LINEAR).message()).contains("missing: bias (4)");
        tensors.put("weight.bias", bias);
        assertThat(run(golden -> GoldenSubject.of(in -> Map.of())).message()).contains("takes none: bias, weight");
    }

    @Test
    void whatIsMissingOrMisshapenIsNamed() throws IOException {
        assertThat(run(golden -> new GoldenSubject(LINEAR.build(golden).module(), in -> Map.of())).message())
                .startsWith("output.y is missing");
        assertThat(run(golden -> {
            GoldenSubject subject = LINEAR.build(golden);
            return new GoldenSubject(subject.module(), in -> Map.of("y", subject.forward().run(in).get("y").sum(0)));
        }).message()).startsWith("output.y is (4), expected (2, 4)");
    }

    @Test
    void anErrorIsAFailureInOneLine() throws IOException {
        GoldenResult built = run(golden -> {
            throw new IllegalArgumentException("heads 3 does not divide width 4");
        });
        assertThat(built.line()).isEqualTo("FAIL aaren/case - 1.00e-05 heads 3 does not divide width 4");
        GoldenResult ran = run(golden -> {
            GoldenSubject subject = LINEAR.build(golden);
            return new GoldenSubject(subject.module(), in -> Map.of("y", in.get("x").matmul(in.get("x"))));
        });
        assertThat(ran.outcome()).isEqualTo(GoldenResult.Outcome.FAIL);
        assertThat(ran.line()).doesNotContain("\n").contains("mat1 and mat2");
    }

    @Test
    void aFileThatIsNoCaseIsRefused() throws IOException {
        metadata.remove("tolerance");
        assertThatThrownBy(() -> run(LINEAR)).hasMessageContaining("no 'tolerance'");
        metadata.put("tolerance", "small");
        assertThatThrownBy(() -> run(LINEAR)).hasMessageContaining("'tolerance' is small");
        metadata.put("tolerance", "0");
        metadata.put("config", "{");
        assertThatThrownBy(() -> run(LINEAR)).hasMessageContaining("'config' is not valid JSON");
        metadata.put("config", "{}");
        tensors.put("speed", torch.ones(1));
        assertThatThrownBy(() -> run(LINEAR)).hasMessageContaining("tensor 'speed'");
    }

    @Test
    void suitesSayWhatIsMissing() throws IOException {
        Path path = folder.resolve("deep/er/case.safetensors");
        Safetensors.write(path, tensors, metadata);
        Catalog catalog = Catalog.of(List.of());
        assertThat(GoldenSuite.files(List.of(folder, path))).containsExactly(path, path);
        assertThat(GoldenSuite.run(catalog, path).line())
                .isEqualTo("MISSING aaren/case - 1.00e-05 the system is not built yet");
        Catalog built = Catalog.of(List.of(entry(Map.of("linear", LINEAR))));
        assertThat(GoldenSuite.run(built, path).outcome()).isEqualTo(GoldenResult.Outcome.PASS);
        assertThat(GoldenSuite.run(Catalog.of(List.of(entry(Map.of()))), path).message()).contains("'linear'");
        Path broken = Files.writeString(folder.resolve("x.safetensors"), "nonsense, and more of it");
        assertThat(GoldenSuite.run(built, broken).line()).startsWith("FAIL x.safetensors").contains("more than the");
        assertThatThrownBy(() -> GoldenSuite.files(List.of(folder.resolve("none")))).hasMessageContaining("no such");
    }

    private static SystemEntry entry(Map<String, GoldenModule> golden) {
        return new SystemEntry() {
            @Override
            public SystemCard card() {
                return Catalog.card("aaren");
            }

            @Override
            public Map<String, GoldenModule> golden() {
                return golden;
            }
        };
    }

    @Test
    void everyGoldenFileOpens() throws IOException {
        Assumptions.assumeTrue(Files.isDirectory(GoldenTests.folder()), "no golden files");
        for (Path file : GoldenSuite.files(List.of(GoldenTests.folder()))) {
            GoldenCase golden = GoldenCase.open(file);
            assertThat(golden.system()).isEqualTo(file.getParent().getFileName().toString());
            assertThat(golden.outputNames()).as(golden.name()).isNotEmpty();
            assertThat(GoldenSuite.run(Catalog.of(List.of()), file).outcome()).isEqualTo(GoldenResult.Outcome.MISSING);
            try (PointerScope _ = new PointerScope()) {
                golden.inputs().forEach((name, tensor) -> assertThat(tensor.shape()).isEqualTo(golden.shape("input."
                        + name)));
                assertThat(golden.weights()).hasSameSizeAs(golden.weightNames());
            }
        }
    }

    /** A real case, whose operator is three lines. */
    @TestFactory
    Stream<DynamicTest> linearAttentionWithoutDecay() {
        GoldenModule operator = golden -> GoldenSubject.of(in -> {
            Tensor rates = in.get("s");
            Tensor scores = in.get("q").matmul(in.get("k").transpose(2, 3)).tril();
            long n = scores.size(2);
            if (rates != null) {
                Tensor position = torch.arange(new Scalar(n)).to(ScalarType.Float);
                Tensor distance = position.view(n, 1).sub(position.view(1, n)).tril();
                scores = scores.mul(distance.mul(rates.view(1, -1, 1, 1)).neg().exp()).tril();
            }
            return Map.of("o", scores.matmul(in.get("v")));
        });
        return GoldenTests.of("lightning-attention", Map.of("lightning-attention", operator))
                .filter(test -> test.getDisplayName().startsWith("op_no_decay")
                || test.getDisplayName().startsWith("golden"));
    }
}
