package io.heed.vision;

import java.util.List;
import java.util.Map;

import io.heed.sequence.MixerSpec;

/**
 * What a {@link PyramidBackbone} is built from. Stage s has width D 2^s; each stage after the first halves the grid.
 *
 * @param channels       channels of the images
 * @param height         rows of the images in pixels
 * @param imageWidth     columns of the images in pixels
 * @param stem           pixels in a row of one token of the first stage: 1, 2 or 4, by convolutions of stride 2
 * @param width          D, channels of the first stage
 * @param depths         blocks of each stage
 * @param headWidth      channels of a head, which must divide every stage's width
 * @param hiddenRatio    hidden width of the MLPs over the stage's width; 0 for none
 * @param positions      how tokens know where they are; learned positions are added once, after the stem
 * @param regularisation dropout, stochastic depth, layer scale
 * @param mixers         the mixer of each block of a stage, taken in turn
 */
public record PyramidConfig(int channels, int height, int imageWidth, int stem, long width, List<Integer> depths,
                            int headWidth, double hiddenRatio, Positions positions, Regularisation regularisation,
                            List<MixerSpec> mixers)
        implements GridBackboneConfig {

    /** @throws IllegalArgumentException for sizes that do not fit each other, or no mixer */
    public PyramidConfig {
        depths = List.copyOf(depths);
        mixers = List.copyOf(mixers);
        if (mixers.isEmpty() || depths.isEmpty() || depths.stream().anyMatch(depth -> depth < 1)) {
            throw new IllegalArgumentException("a backbone needs at least one mixer, and stages of at least one block");
        }
        if (stem != 1 && stem != 2 && stem != 4) {
            throw new IllegalArgumentException("stem is " + stem + ", must be 1, 2 or 4 pixels");
        }
        if (headWidth < 1 || width % headWidth != 0) {
            throw new IllegalArgumentException("width " + width + " is not a multiple of the head width " + headWidth);
        }
        if (!(hiddenRatio >= 0)) {
            throw new IllegalArgumentException("MLP hidden ratio " + hiddenRatio + " is negative");
        }
        if (channels < 1 || height < 1 || imageWidth < 1) {
            throw new IllegalArgumentException("images of " + channels + "x" + height + "x" + imageWidth
                    + " have no pixels");
        }
    }

    /**
     * Stages of one mixer for these images: positions by the convolutions, MLP ratio 3, heads of 32, nothing dropped.
     */
    public static PyramidConfig of(String mixer, int channels, int height, int imageWidth, int stem, long width,
                                   List<Integer> depths) {
        return new PyramidConfig(channels, height, imageWidth, stem, width, depths, (int) Math.min(32, width), 3,
                Positions.NONE, Regularisation.NONE, List.of(MixerSpec.parse(mixer)));
    }

    @Override
    public PyramidConfig withMixers(List<MixerSpec> mixers) {
        return new PyramidConfig(channels, height, imageWidth, stem, width, depths, headWidth, hiddenRatio, positions,
                regularisation, mixers);
    }

    @Override
    public PyramidConfig withHiddenRatio(double hiddenRatio) {
        return new PyramidConfig(channels, height, imageWidth, stem, width, depths, headWidth, hiddenRatio, positions,
                regularisation, mixers);
    }

    /** The same with other positions. */
    public PyramidConfig withPositions(Positions positions) {
        return new PyramidConfig(channels, height, imageWidth, stem, width, depths, headWidth, hiddenRatio, positions,
                regularisation, mixers);
    }

    /** The same with other regularisation. */
    public PyramidConfig withRegularisation(Regularisation regularisation) {
        return new PyramidConfig(channels, height, imageWidth, stem, width, depths, headWidth, hiddenRatio, positions,
                regularisation, mixers);
    }

    /** Channels of stage {@code stage}. */
    public long width(int stage) {
        return width << stage;
    }

    /** Blocks in all. */
    public int layers() {
        return depths.stream().mapToInt(Integer::intValue).sum();
    }

    /** Rows of stage {@code stage}'s grid. */
    public int rows(int stage) {
        return halved(height, stage);
    }

    /** Columns of stage {@code stage}'s grid. */
    public int columns(int stage) {
        return halved(imageWidth, stage);
    }

    @Override
    public long features() {
        return width(depths.size() - 1);
    }

    @Override
    public GridBackbone build() {
        return new PyramidBackbone(this);
    }

    /** The place of block {@code layer}, which stands in stage {@code stage}. */
    GridConfig place(int stage, int layer) {
        return new GridConfig(width(stage), Math.toIntExact(width(stage) / headWidth), rows(stage), columns(stage),
                layer, layers(), positions == Positions.RELATIVE, regularisation.dropout(), Map.of());
    }

    /** A side after the stem's and the stages' convolutions of stride 2, each of which rounds up. */
    private int halved(int side, int stage) {
        int now = side;
        for (int halvings = Integer.numberOfTrailingZeros(stem) + stage; halvings > 0; halvings--) {
            now = (now + 1) / 2;
        }
        return now;
    }
}
