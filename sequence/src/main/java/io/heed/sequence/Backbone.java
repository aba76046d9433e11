package io.heed.sequence;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Norm;
import io.heed.nn.Sinusoids;
import io.heed.tensor.Ops;

/**
 * A stack of blocks that carries any mixer, and is the same for every mixer in a comparison: pre-norm residual blocks
 * and a norm at the end. Where none of its mixers carries order itself, sinusoidal positions are added to the input: in
 * a mixed stack the layers that do carry it are enough, and positions in the embedding would only disturb recall by
 * content.
 *
 * <p>Parameters {@code blocks.{l}.norm1.*}, {@code blocks.{l}.mixer.*}, {@code blocks.{l}.norm2.*},
 * {@code blocks.{l}.mlp.*}, {@code norm.*}.
 */
public final class Backbone extends Module {
    private final BackboneConfig config;
    private final List<Block> blocks = new ArrayList<>();
    private final Norm norm;
    private final boolean addsPositions;

    /**
     * Builds the stack with fresh weights from libtorch's default generator.
     *
     * @throws IllegalArgumentException when a mixer or one of its options is unknown, or sizes do not fit
     */
    public Backbone(BackboneConfig config) {
        super("Backbone");
        this.config = config;
        ModuleListImpl list = register_module("blocks", new ModuleListImpl());
        for (int layer = 0; layer < config.layers(); layer++) {
            Block block = new Block(config, layer);
            list.push_back(block);
            blocks.add(block);
        }
        norm = register_module("norm", Block.norm(config));
        addsPositions = mixers().stream().noneMatch(SequenceMixer::carriesOrder);
    }

    /** What it was built from. */
    public BackboneConfig config() {
        return config;
    }

    /** The mixers, layer by layer. */
    public List<SequenceMixer> mixers() {
        return blocks.stream().map(Block::mixer).toList();
    }

    /**
     * All positions at once.
     *
     * @param x (B, N, D), embedded tokens
     * @return (B, N, D), normalised
     */
    public Tensor forward(Tensor x, MixerContext context) {
        Tensor h = drop(withPositions(x, 0));
        for (int layer = 0; layer < blocks.size(); layer++) {
            Tensor in = context.watchHidden(layer, h);
            Block block = blocks.get(layer);
            MixerContext here = context.atLayer(layer);
            h = Scopes.keep(() -> block.forward(in, here));
        }
        return norm.forward(context.watchHidden(blocks.size(), h));
    }

    /**
     * An empty state of all layers.
     *
     * @throws UnsupportedOperationException when a mixer is not causal
     */
    public BackboneState state(long batch) {
        return new BackboneState(mixers(), batch);
    }

    /** One more token of each sequence, (B, D) to (B, D), without a gradient graph. */
    public Tensor step(Tensor x, BackboneState state) {
        return Scopes.keep(() -> {
            try (NoGradGuard _ = new NoGradGuard()) {
                Tensor h = withPositions(x.unsqueeze(1), state.position()).squeeze(1);
                for (int layer = 0; layer < blocks.size(); layer++) {
                    h = blocks.get(layer).step(h, state.layer(layer));
                }
                return norm.forward(h);
            }
        });
    }

    /** A run of tokens that continue {@code state}, (B, N, D) to (B, N, D), without a gradient graph. */
    public Tensor prefill(Tensor x, BackboneState state) {
        return Scopes.keep(() -> {
            try (NoGradGuard _ = new NoGradGuard()) {
                Tensor h = withPositions(x, state.position());
                for (int layer = 0; layer < blocks.size(); layer++) {
                    Tensor in = h;
                    Block block = blocks.get(layer);
                    MixerState held = state.layer(layer);
                    h = Scopes.keep(() -> block.prefill(in, held));
                }
                return norm.forward(h);
            }
        });
    }

    /** Sinusoids as large as a fresh embedding (a sinusoid's mean square is 1/2), so that neither drowns the other. */
    private Tensor withPositions(Tensor x, long first) {
        if (!addsPositions) {
            return x;
        }
        Tensor rows = Sinusoids.rows(first, x.size(1), x.size(2)).to(x.device(), Ops.type(x));
        return x.add(rows, new Scalar(Initialisation.DEVIATION * Math.sqrt(2)));
    }

    private Tensor drop(Tensor x) {
        return config.dropout() > 0 && is_training() ? torch.dropout(x, config.dropout(), true) : x;
    }
}
