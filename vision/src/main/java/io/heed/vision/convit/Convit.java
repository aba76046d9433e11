package io.heed.vision.convit;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.Conv2dOptions;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Norm;
import io.heed.nn.Registration;
import io.heed.sequence.MixerContext;
import io.heed.tensor.Ops;
import io.heed.vision.StochasticDepth;

/**
 * The ConViT classifier. Parameters {@code patch_embed.proj.*}, {@code pos_embed (1, N, D)}, {@code blocks.{l}.*},
 * {@code cls_token (1, 1, D)}, {@code norm.*}, {@code head.*}.
 */
public final class Convit extends Module {
    /** Patches become tokens. Parameters {@code proj.*}. */
    private static final class PatchEmbedding extends Module {
        final Conv2dImpl proj;

        PatchEmbedding(ConvitConfig config) {
            super("PatchEmbedding");
            try (LongPointer size = new LongPointer(config.patch(), config.patch());
                    LongPointer stride = new LongPointer(config.patch(), config.patch())) {
                Conv2dOptions options = new Conv2dOptions(config.channels(), config.width(), size);
                options.stride().put(stride);
                proj = register_module("proj", new Conv2dImpl(options));
            }
        }
    }

    private final ConvitConfig config;
    private final PatchEmbedding patches;
    private final Tensor positions;
    private final Tensor classToken;
    private final List<ConvitBlock> blocks = new ArrayList<>();
    private final Norm norm;
    private final LinearImpl head;

    /** Builds it with fresh weights. */
    public Convit(ConvitConfig config) {
        super("Convit");
        this.config = config;
        patches = register_module("patch_embed", new PatchEmbedding(config));
        positions = !config.positions() ? null : Registration.parameter(this, "pos_embed",
                Initialisation.truncatedNormal(
                torch.empty(1, (long) config.side() * config.side(), config.width()), Initialisation.DEVIATION));
        classToken = Registration.parameter(this, "cls_token",
                Initialisation.truncatedNormal(torch.empty(1, 1, config.width()), Initialisation.DEVIATION));
        ModuleListImpl list = register_module("blocks", new ModuleListImpl());
        for (int layer = 0; layer < config.depth(); layer++) {
            ConvitBlock block = new ConvitBlock(config, layer < config.local(),
                    StochasticDepth.at(config.stochasticDepth(), layer, config.depth()));
            list.push_back(block);
            blocks.add(block);
        }
        norm = register_module("norm", new Norm.Layer(config.width(), config.epsilon()));
        head = register_module("head", Initialisation.linear(config.width(), config.classes(), true));
    }

    /** What it was built from. */
    public ConvitConfig config() {
        return config;
    }

    /** The gated attentions, block by block. */
    public List<GatedPositionalAttention> local() {
        return blocks.stream().map(ConvitBlock::local).filter(Objects::nonNull).toList();
    }

    /**
     * Logits of the classes.
     *
     * @param images (B, C, S, S)
     * @return (B, classes)
     */
    public Tensor forward(Tensor images, MixerContext context) {
        Tensor x = embed(images);
        for (int layer = 0; layer < blocks.size(); layer++) {
            if (layer == config.local()) {
                x = withClassToken(x);
            }
            x = context.watchHidden(layer, x);
            x = blocks.get(layer).forward(x, config.side(), context.atLayer(layer));
        }
        x = config.local() == blocks.size() ? withClassToken(x) : x;
        return head.forward(norm.forward(context.watchHidden(blocks.size(), x)).select(1, 0));
    }

    /** How far the heads of each local block look, (H) a block: see {@link GatedPositionalAttention#meanDistance}. */
    public List<Tensor> meanDistances(Tensor images) {
        List<Tensor> distances = new ArrayList<>();
        Tensor x = embed(images);
        for (int layer = 0; layer < config.local(); layer++) {
            ConvitBlock block = blocks.get(layer);
            distances.add(block.local().meanDistance(block.normalised(x).unflatten(1, config.side(), config.side())));
            x = block.forward(x, config.side(), MixerContext.plain());
        }
        return distances;
    }

    private Tensor embed(Tensor images) {
        if (images.dim() != 4 || images.size(1) != config.channels() || images.size(2) != config.image()
                || images.size(3) != config.image()) {
            throw new IllegalArgumentException("images are " + Ops.shape(images) + ", the model takes (B, "
                    + config.channels() + ", " + config.image() + ", " + config.image() + ")");
        }
        Tensor x = patches.proj.forward(images).flatten(2, 3).transpose(1, 2);    // (B, N, D)
        return positions == null ? x : x.add(positions);
    }

    private Tensor withClassToken(Tensor x) {
        return Ops.cat(1, classToken.expand(x.size(0), 1, x.size(2)), x);
    }
}
