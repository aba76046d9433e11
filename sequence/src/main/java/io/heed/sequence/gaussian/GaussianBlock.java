package io.heed.sequence.gaussian;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.Tensor;


/** Residual layers x + heads(x), each along an axis of its own. Parameters {@code layers.{l}.attention_heads.{h}.*}. */
public final class GaussianBlock extends Module {
    private final List<GaussianHeads> layers = new ArrayList<>();

    /**
     * One layer.
     *
     * @param axis      the axis of its statistics, may be negative
     * @param heads     H
     * @param gaussians G, for each head
     */
    public record Layer(long axis, int heads, int gaussians) { }

    /** @param paddingValue entries equal to it are padding; null for none */
    public GaussianBlock(List<Layer> layers, Double paddingValue) {
        super("GaussianBlock");
        ModuleListImpl list = register_module("layers", new ModuleListImpl());
        for (Layer layer : layers) {
            GaussianHeads heads = new GaussianHeads(layer.axis(), layer.heads(), layer.gaussians(), paddingValue);
            list.push_back(heads);
            this.layers.add(heads);
        }
    }

    /** A tensor of x's shape. */
    public Tensor forward(Tensor x) {
        Tensor y = x;
        for (GaussianHeads layer : layers) {
            y = layer.run(y).out().add(y);
        }
        return y;
    }
}
