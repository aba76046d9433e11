package io.heed.sequence.gaussian;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;

import io.heed.tensor.Ops;

/**
 * The experiments' heads: each gates an equal share of an encoder's layers. Parameters {@code daams.{h}.c} and
 * {@code daams.{h}.mean_offset (1, F)}.
 */
public final class LayerGates extends Module {
    /** The scripts' initial width and eps. */
    public static final double WIDTH = 2;
    /** The scripts' eps. */
    public static final double EPSILON = 1e-5;

    private final long share;
    private final List<LayerGate> heads = new ArrayList<>();

    /** @throws IllegalArgumentException when the layers are not a multiple of the heads */
    public LayerGates(int layers, long features, int heads, double initialWidth, double epsilon) {
        super("LayerGates");
        if (heads < 1 || layers % heads != 0) {
            throw new IllegalArgumentException(layers + " layers are not a multiple of " + heads + " heads");
        }
        share = layers / heads;
        ModuleListImpl list = register_module("daams", new ModuleListImpl());
        for (int h = 0; h < heads; h++) {
            LayerGate head = new LayerGate(features, initialWidth, epsilon);
            list.push_back(head);
            this.heads.add(head);
        }
    }

    /** With the scripts' initial width and eps. */
    public LayerGates(int layers, long features, int heads) {
        this(layers, features, heads, WIDTH, EPSILON);
    }

    /**
     * The gated features.
     *
     * @param x (B, layers, F), or (B, layers, T, F) with time: then statistics are of the average over time, and all
     *          times
     *          share the gate
     */
    public Tensor forward(Tensor x) {
        return x.mul(x.dim() == 4 ? gates(x).unsqueeze(2) : gates(x));
    }

    /** The gates alone, (B, layers, F): what the importance factor is made of. */
    public Tensor gates(Tensor x) {
        if (x.dim() != 3 && x.dim() != 4 || x.size(1) != share * heads.size()) {
            throw new IllegalArgumentException("features of " + share * heads.size() + " layers are (B, layers, F) or"
                    + " (B, layers, T, F), got " + Ops.shape(x));
        }
        Tensor pooled = x.dim() == 4 ? x.mean(new long[] {2}, false, new ScalarTypeOptional()) : x;
        Tensor[] gates = new Tensor[heads.size()];
        for (int h = 0; h < gates.length; h++) {
            gates[h] = heads.get(h).gates(pooled.narrow(1, h * share, share));
        }
        return Ops.cat(1, gates);
    }
}
