package io.heed.graph;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Form;
import io.heed.nn.Registration;

/**
 * Graph attention (Velickovic et al., "Graph attention networks", equations 1 to 6): softmax over a node's neighbours
 * and itself of LeakyReLU(a_dst . W h_t + a_src . W h_s), slope 0.2, heads concatenated. Parameters
 * {@code linear.weight}, {@code att_src}, {@code att_dst} (H, d), {@code bias} (D).
 */
public final class Gat extends Convolution {
    private static final double SLOPE = 0.2;

    private final int heads;
    private final LinearImpl linear;
    private final Tensor attentionSource;
    private final Tensor attentionTarget;
    private final Tensor bias;
    private Graph plain;
    private Graph looped;

    public Gat(LayerConfig config) {
        super("Gat", config);
        heads = config.heads();
        linear = register_module("linear", Linears.withoutBias(config.width(), config.width()));
        long d = config.width() / heads;
        double bound = Math.sqrt(6.0 / (d + 1));
        attentionSource = Registration.parameter(this, "att_src", Linears.uniform(bound, heads, d));
        attentionTarget = Registration.parameter(this, "att_dst", Linears.uniform(bound, heads, d));
        bias = Registration.parameter(this, "bias", torch.zeros(config.width()));
    }

    @Override
    Tensor convolve(Tensor x, Graph graph, Form form) {
        if (graph != plain) {
            looped = graph.withSelfLoops();
            plain = graph;
        }
        Tensor z = linear.forward(x).unflatten(1, heads, x.size(1) / heads);
        Tensor target = z.mul(attentionTarget).sum(new long[] {-1}, false, null);
        Tensor source = z.mul(attentionSource).sum(new long[] {-1}, false, null);
        return EdgeSoftmax.additive(looped, target, source, z, EdgeSoftmax.Weighting.leaky(SLOPE), form).flatten(1, 2)
                .add(bias);
    }
}
