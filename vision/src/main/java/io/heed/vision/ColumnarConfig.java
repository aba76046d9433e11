package io.heed.vision;

import java.util.List;
import java.util.Map;

import io.heed.sequence.MixerSpec;

/**
 * What a {@link ColumnarBackbone} is built from.
 *
 * @param channels       channels of the images
 * @param height         rows of the images in pixels, a multiple of the patch
 * @param imageWidth     columns of the images in pixels, a multiple of the patch
 * @param patch          rows and columns of pixels that become one token
 * @param width          D, channels of a token
 * @param layers         blocks
 * @param heads          heads of each mixer
 * @param hiddenRatio    hidden width of the MLPs over D; 0 for none
 * @param positions      how tokens know where they are
 * @param readout        how an image's vector is made
 * @param regularisation dropout, stochastic depth, layer scale
 * @param mixers         the mixer of each block, taken in turn
 */
public record ColumnarConfig(int channels, int height, int imageWidth, int patch, long width, int layers, int heads,
                             double hiddenRatio, Positions positions, Readout readout, Regularisation regularisation,
                             List<MixerSpec> mixers) implements GridBackboneConfig {
    /** How a columnar backbone makes one vector of an image. */
    public enum Readout {
        /** The mean of all tokens. */
        MEAN,
        /** A learned token that attends to all tokens after the last block, which works above any mixer (CaiT). */
        CLASS_TOKEN
    }

    /** @throws IllegalArgumentException for sizes that do not fit each other, or no mixer */
    public ColumnarConfig {
        mixers = List.copyOf(mixers);
        if (mixers.isEmpty()) {
            throw new IllegalArgumentException("a backbone needs at least one mixer");
        }
        if (patch < 1 || height % patch != 0 || imageWidth % patch != 0) {
            throw new IllegalArgumentException("images of " + height + "x" + imageWidth
                    + " pixels do not divide into patches of " + patch + "x" + patch);
        }
        if (!(hiddenRatio >= 0)) {
            throw new IllegalArgumentException("MLP hidden ratio " + hiddenRatio + " is negative");
        }
        new GridConfig(width, heads, height / patch, imageWidth / patch, 0, layers, false, 0, Map.of());
    }

    /**
     * A stack of one mixer for these images: learned positions, mean of tokens, MLP ratio 4, heads of 32, nothing
     * dropped.
     */
    public static ColumnarConfig of(String mixer, int channels, int height, int imageWidth, int patch, long width,
            int layers) {
        return new ColumnarConfig(channels, height, imageWidth, patch, width, layers, (int) Math.max(1, width / 32), 4,
                Positions.LEARNED, Readout.MEAN, Regularisation.NONE, List.of(MixerSpec.parse(mixer)));
    }

    /** H, rows of tokens. */
    public int rows() {
        return height / patch;
    }

    /** W, columns of tokens. */
    public int columns() {
        return imageWidth / patch;
    }

    @Override
    public ColumnarConfig withMixers(List<MixerSpec> mixers) {
        return new ColumnarConfig(channels, height, imageWidth, patch, width, layers, heads, hiddenRatio, positions,
                readout, regularisation, mixers);
    }

    @Override
    public ColumnarConfig withHiddenRatio(double hiddenRatio) {
        return new ColumnarConfig(channels, height, imageWidth, patch, width, layers, heads, hiddenRatio, positions,
                readout, regularisation, mixers);
    }

    /** The same with other positions. */
    public ColumnarConfig withPositions(Positions positions) {
        return new ColumnarConfig(channels, height, imageWidth, patch, width, layers, heads, hiddenRatio, positions,
                readout, regularisation, mixers);
    }

    /** The same with another read-out. */
    public ColumnarConfig withReadout(Readout readout) {
        return new ColumnarConfig(channels, height, imageWidth, patch, width, layers, heads, hiddenRatio, positions,
                readout, regularisation, mixers);
    }

    /** The same with other regularisation. */
    public ColumnarConfig withRegularisation(Regularisation regularisation) {
        return new ColumnarConfig(channels, height, imageWidth, patch, width, layers, heads, hiddenRatio, positions,
                readout, regularisation, mixers);
    }

    @Override
    public long features() {
        return width;
    }

    /** Hidden width of the MLPs. */
    long hidden() {
        return Math.round(hiddenRatio * width);
    }

    @Override
    public GridBackbone build() {
        return new ColumnarBackbone(this);
    }
}
