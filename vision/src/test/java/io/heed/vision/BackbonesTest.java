package io.heed.vision;

import java.util.List;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.heed.nn.AttentionObserver;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerSpec;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class BackbonesTest {
    private PointerScope scope;

    @BeforeEach
    void openScope() {
        scope = new PointerScope();
        Seeds.seedTorch(1, "test", 0);
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    @Test
    void aColumnKeepsItsGridAndAPyramidHalvesIt() {
        Tensor images = torch.randn(2, 3, 20, 28);
        GridBackbone column = ColumnarConfig.of("softmax", 3, 20, 28, 4, 32, 2).build();
        assertThat(column.grid(images, MixerContext.plain()).shape()).containsExactly(2, 5, 7, 32);
        assertThat(column.forward(images, MixerContext.plain()).shape()).containsExactly(2, 32);
        PyramidConfig config = PyramidConfig.of("softmax", 3, 20, 28, 2, 32, List.of(1, 2, 1));
        PyramidBackbone pyramid = new PyramidBackbone(config);
        List<Tensor> stages = pyramid.stages(images, MixerContext.plain());
        assertThat(stages.get(0).shape()).containsExactly(2, 10, 14, 32);
        assertThat(stages.get(1).shape()).containsExactly(2, 5, 7, 64);
        assertThat(stages.get(2).shape()).containsExactly(2, 3, 4, 128);
        assertThat(pyramid.forward(images, MixerContext.plain()).shape()).containsExactly(2, config.features());
        assertThat(pyramid.mixers()).hasSize(4);
    }

    @Test
    void aClassTokenReadsTheWholeImage() {
        ColumnarConfig config = ColumnarConfig.of("softmax", 1, 8, 8, 2, 16, 1)
                .withReadout(ColumnarConfig.Readout.CLASS_TOKEN);
        GridBackbone backbone = config.build();
        Tensor images = torch.randn(1, 1, 8, 8);
        Tensor features = backbone.forward(images, MixerContext.plain());
        assertThat(features.shape()).containsExactly(1, 16);
        Tensor changed = images.clone();
        changed.select(3, 7).select(2, 7).zero_();
        assertThat(Ops.largestDifference(backbone.forward(changed, MixerContext.plain()), features))
                .isGreaterThan(1e-6);
    }

    @Test
    void stochasticDepthDropsWholeImagesInTrainingOnly() {
        Tensor ones = torch.ones(4000, 3, 2);
        Tensor kept = StochasticDepth.drop(ones, 0.25);
        double[] values = Ops.doubles(kept.flatten(1, 2));
        int dropped = 0;
        for (int image = 0; image < 4000; image++) {
            double first = values[image * 6];
            assertThat(first == 0 || Math.abs(first - 1 / 0.75) < 1e-6).isTrue();
            for (int i = 1; i < 6; i++) {
                assertThat(values[image * 6 + i]).isEqualTo(first);
            }
            dropped += first == 0 ? 1 : 0;
        }
        assertThat(dropped / 4000.0).isBetween(0.22, 0.28);
        assertThat(StochasticDepth.at(0.3, 0, 4)).isZero();
        assertThat(StochasticDepth.at(0.3, 3, 4)).isEqualTo(0.3);
        GridBackbone backbone = ColumnarConfig.of("softmax", 1, 8, 8, 2, 16, 3)
                .withRegularisation(new Regularisation(0, 0.5, 1e-4)).build();
        Tensor images = torch.randn(2, 1, 8, 8);
        backbone.eval();
        assertThat(torch.equal(backbone.forward(images, MixerContext.plain()),
                backbone.forward(images, MixerContext.plain()))).isTrue();
    }

    @Test
    void anObserverSeesEveryBlocksStreamInRasterOrder() {
        PyramidBackbone backbone = new PyramidBackbone(PyramidConfig.of("softmax", 1, 8, 8, 1, 8, List.of(1, 1)));
        List<String> seen = new java.util.ArrayList<>();
        backbone.forward(torch.randn(1, 1, 8, 8), MixerContext.plain().withObserver(new AttentionObserver() {
            @Override
            public Tensor hidden(int layer, Tensor hidden) {
                seen.add(layer + " " + Ops.shape(hidden));
                return hidden;
            }
        }));
        assertThat(seen).containsExactly("0 (1, 64, 8)", "1 (1, 64, 8)", "1 (1, 16, 16)", "2 (1, 16, 16)");
    }

    @Test
    void modelsOfDifferentMixersAreFittedToOneSize() {
        ImageClassifierConfig soft = new ImageClassifierConfig(ColumnarConfig.of("softmax", 1, 28, 28, 4, 64, 3), 10);
        long parameters = soft.parameterCount();
        ImageClassifierConfig other = soft.withBackbone(soft.backbone()
                .withMixers(List.of(MixerSpec.parse("sigmoid"))));
        assertThat(other.fit(parameters).parameterCount()).isBetween((long) (0.99 * parameters),
                (long) (1.01 * parameters));
        assertThatThrownBy(() -> soft.fit(1000)).hasMessageContaining("cannot have about 1000 parameters");
    }

    @Test
    void aConfigSurvivesJson() throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        for (GridBackboneConfig backbone : List.of(ColumnarConfig.of("softmax", 1, 28, 28, 4, 64, 3),
                PyramidConfig.of("sigmoid", 3, 32, 32, 4, 32, List.of(2, 1)))) {
            ImageClassifierConfig config = new ImageClassifierConfig(backbone, 10);
            assertThat(mapper.readValue(mapper.writeValueAsString(config), ImageClassifierConfig.class))
                    .isEqualTo(config);
        }
    }

    @Test
    void whatDoesNotFitIsNamed() {
        assertThatThrownBy(() -> ColumnarConfig.of("softmax", 1, 28, 28, 5, 64, 3))
                .hasMessage("images of 28x28 pixels do not divide into patches of 5x5");
        assertThatThrownBy(() -> ColumnarConfig.of("softmax", 1, 8, 8, 4, 32, 1).withPositions(Positions.NONE).build())
                .hasMessageContaining("tells positions apart");
        assertThatThrownBy(() -> ColumnarConfig.of("softmax", 1, 8, 8, 4, 32, 1).build()
                .forward(torch.randn(1, 3, 8, 8), MixerContext.plain()))
                .hasMessage("images are (1, 3, 8, 8), the model takes (B, 1, 8, 8)");
    }
}
