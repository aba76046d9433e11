package io.heed.sequence.gaussian;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.Tensor;

import io.heed.tensor.Ops;

/**
 * The library's heads on consecutive slices of an axis: floor(n / H) entries each, the last takes what is left.
 * Parameters {@code attention_heads.{h}.mean_offsets} and {@code attention_heads.{h}.c (G)}.
 */
public final class GaussianHeads extends Module {
    /** What the heads take whatever they are told: the library passes its eps on in another parameter's place. */
    static final double EPSILON = 1e-8;

    private final long axis;
    private final List<GaussianHead> heads = new ArrayList<>();

    /** @param paddingValue entries equal to it are padding; null for none */
    public GaussianHeads(long axis, int heads, int gaussians, Double paddingValue) {
        super("GaussianHeads");
        if (heads < 1) {
            throw new IllegalArgumentException("num_heads must be at least 1, got " + heads);
        }
        this.axis = axis;
        ModuleListImpl list = register_module("attention_heads", new ModuleListImpl());
        for (int h = 0; h < heads; h++) {
            GaussianHead head = new GaussianHead(axis, gaussians, paddingValue, EPSILON);
            list.push_back(head);
            this.heads.add(head);
        }
    }

    /** A tensor of x's shape. */
    public Tensor forward(Tensor x) {
        return run(x).out();
    }

    /** The normalised weights, of x's shape, without a gradient graph. */
    public Tensor weights(Tensor x) {
        return run(x).weights().detach();
    }

    /** Head {@code h}'s Gaussians. */
    Densities densities(int h) {
        return heads.get(h).densities();
    }

    GaussianHead.Result run(Tensor x) {
        long length = x.size(axis);
        long share = length / heads.size();
        if (share == 0) {
            throw new IllegalArgumentException("axis " + axis + " of " + Ops.shape(x)
                    + " has fewer entries than there are"
                    + " heads: " + heads.size());
        }
        Tensor[] outs = new Tensor[heads.size()];
        Tensor[] weights = new Tensor[heads.size()];
        for (int h = 0; h < outs.length; h++) {
            long from = h * share;
            GaussianHead.Result result = heads.get(h).forward(
                    x.narrow(axis, from, h < outs.length - 1 ? share : length - from));
            outs[h] = result.out();
            weights[h] = result.weights();
        }
        return new GaussianHead.Result(Ops.cat(axis, outs), Ops.cat(axis, weights));
    }
}
