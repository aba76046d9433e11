package io.heed.vision.moh;

import java.util.List;
import java.util.Map;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import io.heed.catalog.StudyPart;
import io.heed.nn.Form;
import io.heed.sequence.MixerContext;
import io.heed.tensor.Weights;
import io.heed.vision.GridConfig;
import io.heed.vision.GridMixer;
import io.heed.vision.GridMixerContract;
import io.heed.vision.GridMixerKind;
import io.heed.vision.GridMixers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

class MohMixerTest extends GridMixerContract {
    @Override
    protected GridMixerKind kind() {
        return GridMixers.named("moh");
    }

    @Override
    protected List<GridConfig> configs() {
        GridConfig config = GridConfig.of(24, 6, 4, 5);
        return List.of(config.withOptions(Map.of("shared", "2", "routed", "2", "hidden", "16")),
                config.withOptions(Map.of("shared", "0", "routed", "3", "gates", "paper", "hidden", "8")),
                config.withOptions(Map.of("router", "none", "heads", "4", "hidden", "8")));
    }

    @Test
    void theGridsFormStandsBeforeThatOfSequences() {
        assertThat(kind()).isSameAs(MohMixer.KIND);
        assertThat(StudyPart.of("moh")).containsInstanceOf(MohImages.class);
    }

    /** Offsets of -1 to 1 and of -2 to 2, the farthest at log2(9) / log2(8); a cell's own offset is 0. */
    @Test
    void coordinatesAreLogSpacedAndPlacesPointAtThem() {
        double[] table = MohMixer.coordinates(2, 3);
        assertThat(table).hasSize(2 * 3 * 5);
        double far = Math.log(9) / Math.log(8);
        assertThat(table[0]).isCloseTo(-far, offset(1e-12));
        assertThat(table[1]).isCloseTo(-far, offset(1e-12));
        assertThat(table[3]).isCloseTo(-Math.log(5) / Math.log(8), offset(1e-12));
        long[] places = MohMixer.places(2, 3);
        for (int cell = 0; cell < 6; cell++) {
            assertThat(table[2 * (int) places[7 * cell]]).isZero();
            assertThat(table[2 * (int) places[7 * cell] + 1]).isZero();
        }
        // from cell (0, 0) to cell (1, 2)
        assertThat(table[2 * (int) places[5]]).isCloseTo(far, offset(1e-12));
        assertThat(table[2 * (int) places[5] + 1]).isCloseTo(far, offset(1e-12));
    }

    /** What heads that are off hold does not matter in the fused form. */
    @Test
    void headsThatAreOffAreNotComputed() {
        GridMixer mixer = kind().build(GridConfig.of(32, 4, 3, 3).withOptions(Map.of("shared", "1", "routed", "1")));
        mixer.eval();
        try (NoGradGuard _ = new NoGradGuard()) {
            // the first routed head wins for every token; the values of the two others are not finite
            Weights.of(mixer).get("attn.wg.weight").zero_();
            Weights.of(mixer).get("attn.wg.weight").select(0, 0).fill_(new Scalar(1));
            Weights.of(mixer).get("attn.qkv.weight").narrow(0, 64 + 16, 16).fill_(new Scalar(Float.NaN));
            Tensor out = mixer.forward(torch.rand(2, 3, 3, 32), MixerContext.of(Form.FUSED));
            assertThat(torch.isfinite(out).all().item_bool()).isTrue();
        }
    }

    @Test
    void refusesHeadsThatDoNotFit() {
        assertThatThrownBy(() -> kind().build(GridConfig.of(32, 4, 3, 3).withOptions(Map.of("heads", "5"))))
                .hasMessage("option heads=5: must be from 1 to 4");
        assertThatThrownBy(() -> kind().build(GridConfig.of(32, 4, 3, 3).withOptions(Map.of("shared", "3", "routed",
                "2")))).hasMessageContaining("3 shared and 2 routed heads of 4");
    }
}
