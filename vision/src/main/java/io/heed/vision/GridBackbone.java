package io.heed.vision;

import java.util.List;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;

import io.heed.sequence.MixerContext;
import io.heed.tensor.Ops;

/**
 * Images in, grids of features out, by blocks that carry any grid mixer and are the same for every mixer in a
 * comparison.
 */
public abstract sealed class GridBackbone extends Module permits ColumnarBackbone, PyramidBackbone {
    /**
     * Deviation of fresh learned positions, half that of patches of normalised images, which would drown smaller ones.
     */
    static final double POSITION_DEVIATION = 0.5;

    GridBackbone(String name) {
        super(name);
    }

    /** The mixers, block by block. */
    public abstract List<GridMixer> mixers();

    /**
     * The normalised features at the end, as detectors and segmenters read them.
     *
     * @param images (B, C, H, W)
     * @return (B, H', W', D')
     */
    public abstract Tensor grid(Tensor images, MixerContext context);

    /**
     * One vector for each image.
     *
     * @param images (B, C, H, W)
     * @return (B, D')
     */
    public Tensor forward(Tensor images, MixerContext context) {
        return grid(images, context).mean(new long[] {1, 2}, false, new ScalarTypeOptional());
    }

    static void checkImages(Tensor images, int channels, int height, int width) {
        if (images.dim() != 4 || images.size(1) != channels || images.size(2) != height || images.size(3) != width) {
            throw new IllegalArgumentException("images are " + Ops.shape(images)
                    + ", the model takes (B, " + channels + ", " + height + ", " + width + ")");
        }
    }
}
