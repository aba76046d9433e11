package io.heed.inference.act;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.heed.inference.TinyModel;
import io.heed.inference.attention.AttentionPlan;
import io.heed.inference.model.CausalModel;

import static org.assertj.core.api.Assertions.assertThat;

class HeadSearchTest {
    @TempDir
    private Path folder;

    @Test
    void theFirstTwoLayersAndTheLastAreNotTouched() {
        assertThat(IntStream.range(0, 32).filter(layer -> HeadSearch.isAllowed(layer, 32)).toArray())
                .isEqualTo(IntStream.rangeClosed(2, 30).toArray());
    }

    @Test
    void headsThatGainAloneAreTheOnesToCalibrate() throws IOException {
        CausalModel model = CausalModel.open(TinyModel.of("llama").write(folder));
        Calibration calibration = new Calibration(0.2, 0.03, Calibration.Rule.FIXED, Calibration.Keep.TOKEN0);
        List<int[]> texts = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            int start = 17 * i;
            texts.add(IntStream.range(0, 40).map(k -> 3 + (start + k * k) % 200).toArray());
        }
        TextQuality quality = new TextQuality(model);
        List<HeadSearch.Gain> gains = HeadSearch.search(model.dense(), new int[] {0, 1, 2}, 4, calibration,
                plan -> -quality.measure(plan, texts).loss(), _ -> { });
        assertThat(gains).hasSize(12).isSortedAccordingTo((a, b) -> Double.compare(b.delta(), a.delta()));
        assertThat(gains.getFirst().delta()).isPositive();
        assertThat(gains.getLast().delta()).isNegative();
        HeadSearch.Gain best = gains.getFirst();
        AttentionPlan alone = model.dense().with(best.layer(), new CalibratedAttention(calibration), best.head());
        assertThat(quality.measure(model.dense(), texts).loss() - quality.measure(alone, texts).loss())
                .isEqualTo(best.delta());
        AttentionPlan dense = model.dense();
        assertThat(HeadSearch.apply(dense, gains.subList(11, 12), calibration)).as("a head that loses").isSameAs(dense);
        assertThat(HeadSearch.apply(dense, gains, calibration).wantsWholePrompt()).isTrue();
    }
}
