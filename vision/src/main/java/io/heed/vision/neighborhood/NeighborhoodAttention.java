package io.heed.vision.neighborhood;

import java.util.Arrays;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.NeighborhoodSpec;
import io.heed.nn.AttentionCall;
import io.heed.nn.ComposedNeighborhood;
import io.heed.nn.Form;
import io.heed.nn.FusedNeighborhood;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.NeighborhoodResult;
import io.heed.nn.Registration;
import io.heed.sequence.MixerContext;
import io.heed.tensor.Ops;
import io.heed.vision.GridMixer;

/**
 * Neighborhood attention as a layer on grids of 1 to 3 axes of any size that its windows fit into; see the package for
 * the equations. On two axes it is a grid mixer.
 *
 * <p>Parameters {@code qkv.weight (3C, C)}, {@code qkv.bias}, {@code proj.weight (C, C)}, {@code proj.bias}, and
 * {@code rpb (H, 2 K - 1, ...)} where positions are relative.
 */
public final class NeighborhoodAttention extends GridMixer {
    private final NeighborhoodConfig config;
    private final boolean carriesOrder;
    private final LinearImpl qkv;
    private final LinearImpl proj;
    private final Tensor rpb;
    private NeighborhoodSpec spec;
    private ComposedNeighborhood composed;

    /** Builds it with fresh weights. */
    public NeighborhoodAttention(NeighborhoodConfig config) {
        this(config, true, 1);
    }

    /**
     * Builds it with fresh weights for a place in a backbone.
     *
     * @param carriesOrder whether some token of the grid sees less than all of it
     * @param layers       layers of the model, for the initial scale of the last projection
     */
    NeighborhoodAttention(NeighborhoodConfig config, boolean carriesOrder, int layers) {
        super("NeighborhoodAttention");
        this.config = config;
        this.carriesOrder = carriesOrder || config.relative();
        long width = config.width();
        qkv = register_module("qkv", Initialisation.linear(width, 3 * width, config.qkvBias()));
        proj = register_module("proj", Initialisation.residual(width, width, true, layers));
        rpb = config.relative() ? Registration.parameter(this, "rpb",
                Initialisation.truncatedNormal(torch.empty(config.tableShape()), Initialisation.DEVIATION)) : null;
    }

    /** What it was built from. */
    public NeighborhoodConfig config() {
        return config;
    }

    @Override
    public boolean carriesOrder() {
        return carriesOrder;
    }

    /**
     * Mixes all tokens.
     *
     * @param x (B, S..., C), as many axes as the windows have
     * @return (B, S..., C)
     * @throws IllegalArgumentException in one line when a window does not fit into the grid
     */
    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        if (x.dim() != config.rank() + 2 || x.size(-1) != config.width()) {
            throw new IllegalArgumentException("neighborhood attention on " + config.rank() + " axes takes (B, "
                    + "S, ".repeat(config.rank()) + config.width() + "), got " + Ops.shape(x));
        }
        NeighborhoodSpec windows = windows(x);
        Tensor[] heads = Heads.unpack(qkv.forward(x.flatten(1, config.rank())), config.heads(), config.heads());
        Tensor out = attend(heads[0], heads[1], heads[2], windows, context.form());          // (B, H, N, d)
        out = context.watch(out, () -> new AttentionCall(heads[0], heads[1], heads[2],
                (from, count) -> composed(windows).weights(heads[0], heads[1], rpb, from, count)));
        Tensor y = proj.forward(Heads.merge(out)).view_as(x);
        return config.dropout() > 0 && is_training() ? torch.dropout(y, config.dropout(), true) : y;
    }

    private Tensor attend(Tensor q, Tensor k, Tensor v, NeighborhoodSpec windows, Form form) {
        NeighborhoodResult result = form.isFused(q) ? FusedNeighborhood.apply(q, k, v, rpb, windows)
                : composed(windows).apply(q, k, v, rpb);
        return result.out();
    }

    private synchronized NeighborhoodSpec windows(Tensor x) {
        int[] sizes = new int[config.rank()];
        for (int axis = 0; axis < sizes.length; axis++) {
            sizes[axis] = Math.toIntExact(x.size(axis + 1));
        }
        if (spec == null || !Arrays.equals(spec.sizes(), sizes)) {
            spec = config.on(sizes);
        }
        return spec;
    }

    private synchronized ComposedNeighborhood composed(NeighborhoodSpec windows) {
        if (composed == null || !Arrays.equals(composed.spec().sizes(), windows.sizes())) {
            composed = new ComposedNeighborhood(windows);
        }
        return composed;
    }
}
