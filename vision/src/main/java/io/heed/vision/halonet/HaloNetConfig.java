package io.heed.vision.halonet;

import java.util.List;

/**
 * What a {@link HaloNet} is built from: a residual network of bottlenecks whose inner layer is halo attention, or in
 * its twins something else.
 *
 * @param channels   channels of the images
 * @param classes    classes
 * @param stem       how images become the first feature map
 * @param stemWidth  channels of that map
 * @param widths     inner channels of each stage's bottlenecks
 * @param depths     bottlenecks of each stage; the first of every later stage halves the map
 * @param inner      the inner layer
 * @param headWidth  channels of a head
 * @param block      b of halo attention
 * @param halo       h of halo attention; the reach of local attention
 * @param valueRatio r_v, channels of an attention's output over those of its input
 * @param expansion  r_b, channels of a bottleneck's output over four times its inner channels
 * @param lastWidth  channels of a last 1 x 1 convolution; 0 for none
 */
public record HaloNetConfig(int channels, int classes, Stem stem, long stemWidth, List<Long> widths,
        List<Integer> depths,
                            Inner inner, int headWidth, int block, int halo, double valueRatio, double expansion,
                            long lastWidth) {
    /** How images become feature maps. */
    public enum Stem {
        /** A 7 x 7 convolution of stride 2 and a 3 x 3 maximum of stride 2. */
        IMAGES,
        /** A 3 x 3 convolution of stride 2, for small images. */
        SMALL_IMAGES
    }

    /** What stands inside a bottleneck. */
    public enum Inner {
        /** Halo attention. */
        HALO,
        /** A 3 x 3 convolution. */
        CONVOLUTION,
        /** Attention of every pixel to its own (2h + 1) x (2h + 1) window, gathered pixel by pixel. */
        LOCAL
    }

    /** @throws IllegalArgumentException for sizes that do not fit each other */
    public HaloNetConfig {
        widths = List.copyOf(widths);
        depths = List.copyOf(depths);
        if (widths.isEmpty() || widths.size() != depths.size() || depths.stream().anyMatch(depth -> depth < 1)) {
            throw new IllegalArgumentException("a network needs stages with a width and at least one bottleneck each");
        }
        for (long width : widths) {
            if (width % headWidth != 0 || Math.round(width * valueRatio) % (width / headWidth) != 0) {
                throw new IllegalArgumentException("width " + width + " is not a multiple of the head width "
                        + headWidth + ", or its values are not");
            }
        }
    }

    /**
     * H0 of the paper for images of 256 pixels: b = 8, h = 3, r_v = 1, r_b = 0.5, seven bottlenecks in the third stage,
     * heads of 16.
     */
    public static HaloNetConfig h0(int channels, int classes) {
        return new HaloNetConfig(channels, classes, Stem.IMAGES, 64, List.of(64L, 128L, 256L, 512L),
                List.of(3, 3, 7, 3), Inner.HALO, 16, 8, 3, 1, 0.5, 0);
    }

    /**
     * The shape of the public reimplementation's H1: 3, 3, 10 and 3 bottlenecks that do not widen. Its heads are of 16
     * channels at every width here; there, every layer has 8 heads.
     */
    public static HaloNetConfig h1(int channels, int classes) {
        return new HaloNetConfig(channels, classes, Stem.IMAGES, 64, List.of(64L, 128L, 256L, 512L),
                List.of(3, 3, 10, 3), Inner.HALO, 16, 8, 3, 1, 0.25, 0);
    }

    /** The same with another inner layer, reach and widths. */
    public HaloNetConfig with(Inner inner, int halo, List<Long> widths) {
        return new HaloNetConfig(channels, classes, stem, stemWidth, widths, depths, inner, headWidth, block, halo,
                valueRatio, expansion, lastWidth);
    }

    /** Channels of a stage's bottlenecks' outputs. */
    long outWidth(int stage) {
        return Math.round(4 * expansion * widths.get(stage));
    }
}
