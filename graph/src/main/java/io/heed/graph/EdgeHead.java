package io.heed.graph;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

import io.heed.tensor.Ops;

/** Scores pairs of nodes from both vectors: {@link Readout} on [h_u, h_v]. Parameters {@code readout.*}. */
public final class EdgeHead extends Module {
    private final Readout readout;

    /** @param outputs classes, or 1 for a link's logit */
    public EdgeHead(long width, long outputs) {
        super("EdgeHead");
        readout = register_module("readout", new Readout(2 * width, outputs));
    }

    /**
     * Scores pairs.
     *
     * @param nodes (N, D)
     * @param u     (pairs) int64, the first node of each
     * @param v     (pairs) int64, the second
     * @return (pairs, outputs)
     */
    public Tensor forward(Tensor nodes, Tensor u, Tensor v) {
        return readout.forward(Ops.cat(1, nodes.index_select(0, u), nodes.index_select(0, v)));
    }
}
