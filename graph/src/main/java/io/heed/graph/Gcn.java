package io.heed.graph;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Tensor;

import io.heed.kernels.NeighbourAggregation.Kind;
import io.heed.nn.Aggregation;
import io.heed.nn.Form;

/**
 * Graph convolution (Kipf and Welling, "Semi-supervised classification with graph convolutional networks", equation 2):
 * D^-1/2 (A + I) D^-1/2 X W + b, D counting self loops. Parameters {@code linear.*}.
 */
public final class Gcn extends Convolution {
    private final LinearImpl linear;
    private Graph normalised;
    private Graph looped;
    private float[] weights;

    public Gcn(LayerConfig config) {
        super("Gcn", config);
        linear = register_module("linear", new LinearImpl(config.width(), config.width()));
    }

    @Override
    Tensor convolve(Tensor x, Graph graph, Form form) {
        if (graph != normalised) {
            looped = graph.withSelfLoops();
            int[] degree = looped.inDegrees();
            weights = new float[looped.edges()];
            for (int e = 0; e < weights.length; e++) {
                weights[e] = (float) (1 / Math.sqrt((double) degree[looped.source()[e]] * degree[looped.target()[e]]));
            }
            normalised = graph;
        }
        return Aggregation.apply(Kind.SUM, looped.csr(), linear.forward(x), weights, form);
    }
}
