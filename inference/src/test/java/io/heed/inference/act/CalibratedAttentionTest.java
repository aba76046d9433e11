package io.heed.inference.act;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.heed.catalog.GoldenTests;
import io.heed.inference.TinyModel;
import io.heed.inference.attention.AttentionOptions;
import io.heed.inference.attention.AttentionPlan;
import io.heed.inference.cache.CacheManager;
import io.heed.inference.cache.SequenceCache;
import io.heed.inference.model.CausalModel;
import io.heed.inference.model.Decoder;
import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.nn.ComposedAttention;
import io.heed.tensor.Ops;
import io.heed.tensor.View;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

class CalibratedAttentionTest {
    @TempDir
    private Path folder;

    @TestFactory
    Stream<DynamicTest> golden() {
        return GoldenTests.of(new ActSystem());
    }

    /** Queries and keys with a common direction, which makes some keys sinks. */
    private static Tensor[] inputs(int length) {
        torch.manual_seed(length);
        Tensor q = torch.randn(1, 1, length, 16);
        Tensor k = torch.randn(1, 1, length, 16).mul(new Scalar(0.4));
        q.narrow(-1, 0, 1).add_(new Scalar(4));
        for (int sink : new int[] {0, 3, length / 3, length / 2}) {
            k.narrow(2, sink, 1).narrow(-1, 0, 1).add_(new Scalar(3.5));
        }
        return new Tensor[] {q, k, torch.randn(1, 1, length, 16)};
    }

    @ParameterizedTest
    @CsvSource({"12,TOKEN0,FIXED,0.1", "65,TOKEN0,FIXED,0.1", "65,FIRST_FOUND,FIXED,0.1", "300,TOKEN0,RELATIVE,5",
        "300,TOKEN0,FIXED,0.1"})
    void twoPassesGiveWhatTheMapGives(int length, Calibration.Keep keep, Calibration.Rule rule, double threshold) {
        Calibration calibration = new Calibration(0.4, threshold, rule, keep);
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            Tensor[] in = inputs(length);
            Tensor map = ComposedAttention.weights(in[0], in[1], AttentionSpec.softmax().withMask(Mask.causal()));
            SinkMap calibrated = SinkMap.of(map, new int[] {0}, calibration);
            assertThat(calibrated.sink().sum().item_long()).as("sinks").isGreaterThan(1);
            assertThat(Ops.largestDifference(calibrated.attention().sum(-1), torch.ones(1, 1, length)))
                    .isLessThan(1e-5);
            Tensor want = ComposedAttention.apply(calibrated.attention(), in[2]);
            Tensor plain = ComposedAttention.apply(map, in[2]);
            assertThat(Ops.largestDifference(want, plain)).isGreaterThan(0.05);

            Tensor got = torch.zeros(1, 1, length, 16);
            RunningSinks running = new RunningSinks(calibration);
            new CalibratedAttention(calibration).calibrate(View.read(in[0]).rows(), View.read(in[1]).rows(),
                    View.read(in[2]).rows(), View.write(got).rows(), 0.25f, running);
            assertThat(Ops.largestDifference(got, want)).isLessThan(2e-5);
            assertThat(running.sinks()).isEqualTo(Ops.booleans(calibrated.sink()));
        }
    }

    @Test
    void aRowThatLiesOnSinksAloneStays() {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            Tensor map = Ops.of(new float[] {1, 0, 0, 0, 1, 0, 0, 1, 0}, 1, 1, 3, 3);
            Tensor out = SinkMap.of(map, new int[] {0}, Calibration.USUAL).attention();
            assertThat(Ops.floats(out)).containsExactly(1, 0, 0, 0, 1, 0, 0, 1, 0);
        }
    }

    @Test
    void decodingCalibratesTheNewRowByRunningSums() throws IOException {
        CausalModel model = CausalModel.open(TinyModel.of("llama").write(folder));
        int[] prompt = new int[40];
        for (int i = 0; i < prompt.length; i++) {
            prompt[i] = 3 + i * 37 % 200;
        }
        // every token is a sink above so small a threshold, so the new row must differ from dense attention's
        AttentionPlan plan = AttentionOptions.plan(List.of("act:threshold=0.02,beta=0.3@0-2"), model.config());
        float[] calibrated = step(model, plan, prompt);
        float[] dense = step(model, model.dense(), prompt);
        float[] none = step(model, AttentionOptions.plan(List.of("act:threshold=0.999999@0-2"), model.config()),
                prompt);
        double largest = 0;
        for (int i = 0; i < dense.length; i++) {
            largest = Math.max(largest, Math.abs(calibrated[i] - dense[i]));
            assertThat((double) none[i]).isCloseTo(dense[i], within(1e-4));
        }
        assertThat(largest).isGreaterThan(1e-3);
    }

    private static float[] step(CausalModel model, AttentionPlan plan, int[] prompt) {
        Decoder decoder = model.decoder(model.pool(4L << 20), plan);
        try (SequenceCache cache = new CacheManager(decoder.pool()).admit(prompt, prompt.length + 2, false)
                .orElseThrow()) {
            decoder.prefill(List.of(new Decoder.Chunk(cache, prompt, prompt.length)), null);
            return decoder.logits(decoder.decode(List.of(cache), new int[] {7}), 0, 1);
        }
    }

    @Test
    void policiesAreReadAndWhatIsWrongIsNamed() throws IOException {
        CausalModel model = CausalModel.open(TinyModel.of("llama").write(folder));
        Path heads = Files.writeString(folder.resolve("heads.json"), "{\"2\": [1, 3]}");
        AttentionOptions.plan(List.of("act:heads=" + heads + ",alpha=5,keep=first_found"), model.config());
        assertThatThrownBy(() -> AttentionOptions.plan(List.of("act"), model.config()))
                .hasMessageContaining("3 layers");
        assertThatThrownBy(() -> AttentionOptions.plan(List.of("act:bta=0.1@2"), model.config()))
                .hasMessageContaining("did you mean 'beta'");
        assertThatThrownBy(() -> AttentionOptions.plan(List.of("act:beta=1@2"), model.config()))
                .hasMessageContaining("beta");
        assertThatThrownBy(() -> AttentionOptions.plan(List.of("act@9"), model.config()))
                .hasMessageContaining("no layer 9");
        assertThatThrownBy(() -> AttentionOptions.plan(List.of("sliding:window=x"), model.config()))
                .hasMessageContaining("whole number");
        assertThatThrownBy(() -> AttentionOptions.plan(List.of("slidng"), model.config()))
                .hasMessageContaining("did you mean 'sliding'");
    }
}
