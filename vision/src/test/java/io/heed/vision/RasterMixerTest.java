package io.heed.vision;

import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.Mixers;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Seeds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** A sequence mixer by raster order, held to the contract with sigmoid attention. */
class RasterMixerTest extends GridMixerContract {
    @Override
    protected GridMixerKind kind() {
        return GridMixers.named("sigmoid");
    }

    @Override
    protected List<GridConfig> configs() {
        return List.of(GridConfig.of(24, 3, 5, 7));
    }

    @Test
    void isTheSequenceMixerOnTheRowsOneAfterTheOther() {
        try (PointerScope _ = new PointerScope()) {
            GridConfig config = GridConfig.of(24, 3, 4, 6);
            Seeds.seedTorch(1, "weights", 0);
            GridMixer grid = kind().build(config);
            Seeds.seedTorch(1, "weights", 0);
            SequenceMixer sequence = Mixers.named("sigmoid").build(MixerConfig.of(24, 3).withLength(24)
                    .withCausal(false));
            Tensor x = input(config, 1);
            assertClose("raster order", grid.forward(x), sequence.forward(x.reshape(2, 24, 24)).view_as(x), 1e-6);
        }
    }

    @Test
    void hasNoRelativePositionsOfAGrid() {
        assertThatThrownBy(() -> kind().build(GridConfig.of(24, 3, 4, 6).withRelative(true)))
                .hasMessageContaining("no relative positions of a grid; use learned positions");
    }

    @Test
    void theGridsOwnSoftmaxHidesTheSequences() {
        assertThat(GridMixers.named("attention").build(GridConfig.of(8, 2, 2, 2))).isInstanceOf(GlobalAttention.class);
        assertThat(GridMixers.all().stream().map(GridMixerKind::id)).doesNotHaveDuplicates()
                .contains("sigmoid-attention");
        assertThatThrownBy(() -> GridMixers.named("sigmiod")).hasMessageContaining("did you mean 'sigmoid'?");
    }
}
