package io.heed.vision;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Norm;
import io.heed.nn.Registration;
import io.heed.sequence.MixerContext;
import io.heed.sequence.Scopes;

/**
 * A vision transformer of one width and one grid from end to end (ViT, arXiv 2010.11929), with any grid mixer in the
 * place of attention: patches become tokens, blocks mix them, a norm ends the stack.
 *
 * <p>Parameters {@code patch_embed.weight (D, C, p, p)}, {@code patch_embed.bias}, {@code pos_embed (1, H, W, D)} where
 * positions are learned, {@code blocks.{l}.*} (see {@link GridBlock}), {@code norm.*}, and {@code pool.*} where a class
 * token reads out.
 */
public final class ColumnarBackbone extends GridBackbone {
    private final ColumnarConfig config;
    private final Conv2dImpl patches;
    private final Tensor positions;
    private final List<GridBlock> blocks = new ArrayList<>();
    private final Norm norm;
    private final ClassAttention pool;

    /**
     * Builds the stack with fresh weights.
     *
     * @throws IllegalArgumentException when a mixer or one of its options is unknown, a mixer does not fit the grid, or
     *                                  nothing tells positions apart
     */
    public ColumnarBackbone(ColumnarConfig config) {
        super("ColumnarBackbone");
        this.config = config;
        long width = config.width();
        patches = register_module("patch_embed", Convolutions.of(config.channels(), width, config.patch(),
                config.patch(), 0));
        positions = config.positions() != Positions.LEARNED ? null : Registration.parameter(this, "pos_embed",
                Initialisation.truncatedNormal(torch.empty(1, config.rows(), config.columns(), width),
                        POSITION_DEVIATION));
        ModuleListImpl list = register_module("blocks", new ModuleListImpl());
        for (int layer = 0; layer < config.layers(); layer++) {
            GridConfig place = new GridConfig(width, config.heads(), config.rows(), config.columns(), layer,
                    config.layers(),
                    config.positions() == Positions.RELATIVE, config.regularisation().dropout(), Map.of());
            GridBlock block = new GridBlock(config.mixers().get(layer % config.mixers().size()), place, config.hidden(),
                    config.regularisation());
            list.push_back(block);
            blocks.add(block);
        }
        norm = register_module("norm", new Norm.Layer(width));
        pool = config.readout() == ColumnarConfig.Readout.MEAN ? null
                : register_module("pool", new ClassAttention(width, config.heads(), config.layers()));
        requireOrder(config.positions(), mixers());
    }

    /** What it was built from. */
    public ColumnarConfig config() {
        return config;
    }

    @Override
    public List<GridMixer> mixers() {
        return blocks.stream().map(GridBlock::mixer).toList();
    }

    @Override
    public Tensor grid(Tensor images, MixerContext context) {
        checkImages(images, config.channels(), config.height(), config.imageWidth());
        Tensor x = patches.forward(images).permute(0, 2, 3, 1);               // (B, H, W, D)
        x = (positions == null ? x : x.add(positions)).contiguous();
        return norm.forward(run(blocks, x, 0, context));
    }

    @Override
    public Tensor forward(Tensor images, MixerContext context) {
        return pool == null ? super.forward(images, context) : pool.forward(grid(images, context).flatten(1, 2));
    }

    /** Runs blocks, numbered from {@code first} for observers. */
    static Tensor run(List<GridBlock> blocks, Tensor x, int first, MixerContext context) {
        Tensor h = x;
        for (int i = 0; i < blocks.size(); i++) {
            GridBlock block = blocks.get(i);
            Tensor in = watch(h, first + i, context);
            MixerContext here = context.atLayer(first + i);
            h = Scopes.keep(() -> block.forward(in, here));
        }
        return watch(h, first + blocks.size(), context);
    }

    /** Shows the residual stream (B, H W, D) in raster order. */
    private static Tensor watch(Tensor h, int layer, MixerContext context) {
        return context.watchHidden(layer, h.flatten(1, 2)).view_as(h);
    }

    static void requireOrder(Positions positions, List<GridMixer> mixers) {
        if (positions == Positions.NONE && mixers.stream().noneMatch(GridMixer::carriesOrder)) {
            throw new IllegalArgumentException("no mixer of the backbone tells positions apart;"
                    + " use learned or relative positions");
        }
    }
}
