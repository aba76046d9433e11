package io.heed.sequence.zoology;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

import io.heed.sequence.BackboneState;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class ZoologyModelTest {
    private static ZoologyModel hybrid(boolean mlp) {
        Seeds.seedTorch(2, "weights", 0);
        ZoologyModel model = new ZoologyModel(new ZoologyModel.Config(50, 16, 4, 24, mlp, true, 1e-5, 0),
                layer -> switch (layer) {
            case 0 -> new BaseConv(new BaseConv.Config(16, 24, 3, 3, 16, false));
            case 1 -> new ZoologyAttention(16, 2, 4);
            case 2 -> new Rwkv(MixerConfig.of(16, 1).atLayer(2, 4));
            default -> new BaseConv(new BaseConv.Config(16, 24, -1, 3, 16, false));
        });
        model.eval();
        return model;
    }

    @Test
    void decodesWhatItComputesInParallel() {
        try (PointerScope _ = new PointerScope()) {
            for (boolean mlp : new boolean[] {false, true}) {
                ZoologyModel model = hybrid(mlp);
                long[] ids = new long[2 * 24];
                for (int i = 0; i < ids.length; i++) {
                    ids[i] = (i * 7 + i / 5) % 50;
                }
                Tensor tokens = Ops.of(ids, 2, 24);
                Tensor parallel = model.forward(tokens, MixerContext.plain());
                try (BackboneState state = model.state(2)) {
                    List<Tensor> parts = new ArrayList<>(List.of(model.prefill(Ops.slice(tokens, 1, 0, 11), state)));
                    for (long t = 11; t < 24; t++) {
                        parts.add(model.prefill(Ops.slice(tokens, 1, t, t + 1), state));
                    }
                    assertThat(Ops.largestDifference(Ops.cat(1, parts.toArray(Tensor[]::new)), parallel))
                            .isLessThan(1e-5);
                }
            }
        }
    }

    @Test
    void refusesMoreTokensThanPositions() {
        try (PointerScope _ = new PointerScope()) {
            assertThatThrownBy(() -> hybrid(false).forward(Ops.of(new long[25], 1, 25), MixerContext.plain()))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("24 positions, not 25");
        }
    }

    @Test
    void readsMixersAsGoldenModelsWriteThem() {
        MixerText text = MixerText.parse("BaseConv kernel -1");
        assertThat(text.name()).isEqualTo("baseconv");
        assertThat(text.integer(3, "kernel")).isEqualTo(-1);
        assertThat(MixerText.parse("MHA heads 2").integer(1, "num_heads", "heads")).isEqualTo(2);
    }
}
