package io.heed.vision.neighborhood;

import java.util.List;
import java.util.Locale;

import io.heed.sequence.MixerSpec;
import io.heed.vision.ImageClassifierConfig;
import io.heed.vision.Positions;
import io.heed.vision.PyramidConfig;
import io.heed.vision.Regularisation;

/**
 * NAT and DiNAT in their published sizes: a stem of two 3 x 3 convolutions of stride 2, four stages of neighborhood
 * attention with K = 7, heads of 32 and relative positions. They take images from 224 pixels a side on, at which the
 * last grid is 7 x 7.
 */
public enum NeighborhoodModels {
    MINI(64, List.of(3, 4, 6, 5), 3, 0, 0.2),
    TINY(64, List.of(3, 4, 18, 5), 3, 0, 0.2),
    SMALL(96, List.of(3, 4, 18, 5), 2, 1e-5, 0.3),
    BASE(128, List.of(3, 4, 18, 5), 2, 1e-5, 0.5);

    private static final int STEM = 4;
    private static final int HEAD_WIDTH = 32;
    private static final String NEAR = "neighborhood:kernel=7";
    private static final String FAR = "neighborhood:kernel=7,dilation=max";

    private final long width;
    private final List<Integer> depths;
    private final double hiddenRatio;
    private final double layerScale;
    private final double stochasticDepth;

    NeighborhoodModels(long width, List<Integer> depths, double hiddenRatio, double layerScale,
            double stochasticDepth) {
        this.width = width;
        this.depths = depths;
        this.hiddenRatio = hiddenRatio;
        this.layerScale = layerScale;
        this.stochasticDepth = stochasticDepth;
    }

    /** NAT (arXiv 2204.07143, table 2): D = 1 everywhere. */
    public ImageClassifierConfig nat(int channels, int height, int imageWidth, int classes) {
        return model(channels, height, imageWidth, classes, List.of(NEAR));
    }

    /** DiNAT (arXiv 2209.15001): a stage's layers alternate D = 1 and the largest D with K D within the grid. */
    public ImageClassifierConfig dinat(int channels, int height, int imageWidth, int classes) {
        return model(channels, height, imageWidth, classes, List.of(NEAR, FAR));
    }

    private ImageClassifierConfig model(int channels, int height, int imageWidth, int classes, List<String> mixers) {
        return new ImageClassifierConfig(new PyramidConfig(channels, height, imageWidth, STEM, width, depths,
                HEAD_WIDTH, hiddenRatio, Positions.RELATIVE, new Regularisation(0, stochasticDepth, layerScale),
                mixers.stream().map(MixerSpec::parse).toList()), classes);
    }

    /** As papers write it, e.g. {@code tiny}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
