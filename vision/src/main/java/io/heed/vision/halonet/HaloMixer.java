package io.heed.vision.halonet;

import java.util.List;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOption;
import io.heed.sequence.MixerOptions;
import io.heed.vision.GridConfig;
import io.heed.vision.GridMixer;

/**
 * Halo attention as a grid mixer, followed by a linear map as the bottleneck's next convolution would be. Parameters
 * {@code attn.*} of {@link HaloAttention}, {@code proj.weight (D, D)}, {@code proj.bias}.
 */
public final class HaloMixer extends GridMixer {
    static final List<MixerOption> OPTIONS = List.of(
            new MixerOption("block", "the largest that divides the grid, at most 8", "rows and columns of a block"),
            new MixerOption("halo", "3, at most half a block",
            "further rows and columns on each side that a block sees"),
            new MixerOption("masked", "false", "whether tokens outside of the grid are hidden rather than zeros"));

    private static final int LARGEST_BLOCK = 8;
    private static final int USUAL_HALO = 3;

    private final HaloAttention attention;
    private final LinearImpl proj;

    /**
     * Builds it with fresh weights.
     *
     * @throws IllegalArgumentException in one line when the grid does not divide into blocks
     */
    public HaloMixer(GridConfig place) {
        super("HaloMixer");
        MixerOptions options = MixerOptions.of(place.options());
        int block = options.integer("block", largestBlock(place.rows(), place.columns()));
        int halo = options.integer("halo", Math.min(USUAL_HALO, (block + 1) / 2));
        HaloConfig config = HaloConfig.of(place.width(), place.heads(), block, halo)
                .withVariant(false, options.flag("masked", false));
        if (place.rows() % block != 0 || place.columns() % block != 0) {
            throw new IllegalArgumentException("a grid of " + place.rows() + "x" + place.columns()
                    + " tokens does not divide into blocks of " + block + "x" + block + ": set the option block");
        }
        attention = register_module("attn", new HaloAttention(config));
        proj = register_module("proj", Initialisation.residual(place.width(), place.width(), true, place.layers()));
    }

    private static int largestBlock(int rows, int columns) {
        int block = LARGEST_BLOCK;
        while (rows % block != 0 || columns % block != 0) {
            block--;
        }
        return block;
    }

    @Override
    public boolean carriesOrder() {
        return true;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        Tensor map = x.permute(0, 3, 1, 2);
        int heads = attention.config().heads();
        Tensor out = Heads.split(attention.forward(map).flatten(2, 3).transpose(1, 2), heads);
        out = context.watch(out, () -> attention.call(map));
        return proj.forward(Heads.merge(out).view_as(x));
    }
}
