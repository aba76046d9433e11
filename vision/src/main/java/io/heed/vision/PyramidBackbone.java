package io.heed.vision;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Norm;
import io.heed.nn.Registration;
import io.heed.sequence.MixerContext;

/**
 * A backbone of stages, each with half the grid and twice the width of the one before, with any grid mixer: the shape
 * of NAT and DiNAT (arXiv 2204.07143, 2209.15001). The stem and the steps between stages are overlapping 3 x 3
 * convolutions of stride 2.
 *
 * <p>Parameters {@code patch_embed.proj.{i}.*}, {@code patch_embed.norm.*}, {@code pos_embed (1, H, W, D)} where
 * positions are learned, {@code levels.{s}.blocks.{l}.*} (see {@link GridBlock}),
 * {@code levels.{s}.downsample.reduction.weight}, {@code levels.{s}.downsample.norm.*}, {@code norm.*}.
 */
public final class PyramidBackbone extends GridBackbone {
    /** The stem: (B, C, H, W) to (B, H', W', D). */
    private static final class Stem extends Module {
        private final List<Conv2dImpl> steps = new ArrayList<>();
        private final Norm norm;

        Stem(PyramidConfig config) {
            super("Stem");
            int halvings = Integer.numberOfTrailingZeros(config.stem());
            ModuleListImpl list = register_module("proj", new ModuleListImpl());
            long width = config.channels();
            for (int step = 0; step < Math.max(1, halvings); step++) {
                long next = step == Math.max(1, halvings) - 1 ? config.width() : config.width() / 2;
                Conv2dImpl convolution = Convolutions.of(width, next, 3, halvings == 0 ? 1 : 2, 1);
                list.push_back(convolution);
                steps.add(convolution);
                width = next;
            }
            norm = register_module("norm", new Norm.Layer(config.width()));
        }

        Tensor forward(Tensor images) {
            Tensor x = images;
            for (Conv2dImpl step : steps) {
                x = step.forward(x);
            }
            return norm.forward(x.permute(0, 2, 3, 1));
        }
    }

    /** The step to the next stage: (B, H, W, D) to (B, H/2, W/2, 2D), halves rounded up. */
    private static final class Downsample extends Module {
        private final Conv2dImpl reduction;
        private final Norm norm;

        Downsample(long width) {
            super("Downsample");
            reduction = register_module("reduction", Convolutions.of(width, 2 * width, 3, 2, 1, false));
            norm = register_module("norm", new Norm.Layer(2 * width));
        }

        Tensor forward(Tensor x) {
            return norm.forward(reduction.forward(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1));
        }
    }

    /** Blocks of one width and, but in the last stage, the step to the next. */
    private static final class Stage extends Module {
        private final List<GridBlock> blocks = new ArrayList<>();
        private final int first;
        private final Downsample downsample;

        Stage(PyramidConfig config, int stage, int first) {
            super("Stage");
            this.first = first;
            ModuleListImpl list = register_module("blocks", new ModuleListImpl());
            for (int i = 0; i < config.depths().get(stage); i++) {
                GridBlock block = new GridBlock(config.mixers().get(i % config.mixers().size()),
                        config.place(stage, first + i), Math.round(config.hiddenRatio() * config.width(stage)),
                        config.regularisation());
                list.push_back(block);
                blocks.add(block);
            }
            downsample = stage == config.depths().size() - 1 ? null
                    : register_module("downsample", new Downsample(config.width(stage)));
        }
    }

    private final PyramidConfig config;
    private final Stem stem;
    private final Tensor positions;
    private final List<Stage> stages = new ArrayList<>();
    private final Norm norm;

    /**
     * Builds the stages with fresh weights.
     *
     * @throws IllegalArgumentException when a mixer or one of its options is unknown, or a mixer does not fit a stage's
     *                                  grid
     */
    public PyramidBackbone(PyramidConfig config) {
        super("PyramidBackbone");
        this.config = config;
        stem = register_module("patch_embed", new Stem(config));
        positions = config.positions() != Positions.LEARNED ? null : Registration.parameter(this, "pos_embed",
                Initialisation.truncatedNormal(torch.empty(1, config.rows(0), config.columns(0), config.width()),
                        POSITION_DEVIATION));
        ModuleListImpl levels = register_module("levels", new ModuleListImpl());
        int first = 0;
        for (int stage = 0; stage < config.depths().size(); stage++) {
            Stage built = new Stage(config, stage, first);
            levels.push_back(built);
            stages.add(built);
            first += config.depths().get(stage);
        }
        norm = register_module("norm", new Norm.Layer(config.features()));
    }

    /** What it was built from. */
    public PyramidConfig config() {
        return config;
    }

    @Override
    public List<GridMixer> mixers() {
        return stages.stream().flatMap(stage -> stage.blocks.stream()).map(GridBlock::mixer).toList();
    }

    @Override
    public Tensor grid(Tensor images, MixerContext context) {
        return norm.forward(stages(images, context).getLast());
    }

    /**
     * What each stage ends with, as detectors read it.
     *
     * @param images (B, C, H, W)
     * @return for each stage s (B, H_s, W_s, D 2^s), not normalised
     */
    public List<Tensor> stages(Tensor images, MixerContext context) {
        checkImages(images, config.channels(), config.height(), config.imageWidth());
        List<Tensor> ends = new ArrayList<>();
        Tensor x = stem.forward(images);
        x = (positions == null ? x : x.add(positions)).contiguous();
        for (Stage stage : stages) {
            Tensor end = ColumnarBackbone.run(stage.blocks, x, stage.first, context);
            ends.add(end);
            x = stage.downsample == null ? end : stage.downsample.forward(end);
        }
        return ends;
    }
}
