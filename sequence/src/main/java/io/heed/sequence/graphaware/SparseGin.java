package io.heed.sequence.graphaware;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Norm;
import io.heed.nn.Registration;
import io.heed.tensor.Ops;

/**
 * A small GIN on the sparse graph that a decoder layer's attention maps make (paper, Sparse-GIN fine-tuning).
 *
 * <pre>
 *   adj = sigmoid(alpha (mask * combine_h(A_h) - threshold)),  0 where at most epsilon, lower triangle
 *   y   = P_in u,   g = eps y + sum_j adj_ij y_j,   z = W2 act(norm(W1 g)) + g,   y' = dropout(act(z)) (+ y)
 *   u  <- u + scale * rms(P_out y')
 * </pre>
 *
 * <p>Registers into its parent, under the official names: {@code gnn.input_projection}, {@code gnn.output_projection},
 * {@code gnn.activation.weight} (1), {@code gnn.convs.l.{epsilon (1), linear1, linear2, norm}},
 * {@code gnn_norm.weight (D)},
 * {@code trainable_scale} (), and {@code adj_transform.mlp.{0,3}} where learned.
 */
final class SparseGin {
    /** In the MLP over heads, as the official code fixes it. */
    private static final double JOIN_DROPOUT = 0.1;
    /** PReLU's initial slope. */
    private static final double SLOPE = 0.25;

    private final SparseGinConfig config;
    private final LinearImpl in;
    private final LinearImpl out;
    private final Tensor slope;
    /** The one slope under the other names that official state dicts list it by: buffers that follow it. */
    private final List<Tensor> copies = new ArrayList<>();
    private final List<Conv> convs = new ArrayList<>();
    private final LinearImpl joinFirst;
    private final LinearImpl joinSecond;
    private final Norm norm;
    private final Tensor scale;

    /** One GIN layer's parameters. */
    private record Conv(Tensor epsilon, LinearImpl first, LinearImpl second, Norm norm) { }

    SparseGin(Module parent, SparseGinConfig config) {
        this.config = config;
        Module gnn = parent.register_module("gnn", Registration.group());
        boolean projected = config.width() != config.hidden();
        in = projected ? gnn.register_module("input_projection", linear(config.width(), config.hidden())) : null;
        out = projected ? gnn.register_module("output_projection", linear(config.hidden(), config.width())) : null;
        boolean learned = config.activation() == SparseGinConfig.Activation.PRELU;
        slope = learned ? torch.full(new long[] {1}, new Scalar(SLOPE)).retainReference() : null;
        if (learned) {
            copies.add(copy(gnn.register_module("activation", Registration.group())));
        }
        ModuleListImpl list = gnn.register_module("convs", new ModuleListImpl());
        for (int layer = 0; layer < config.layers(); layer++) {
            Module conv = Registration.group();
            convs.add(conv(conv));
            if (learned) {
                Module activation = conv.register_module("activation_fn", Registration.group());
                if (layer < config.layers() - 1) {
                    copies.add(copy(activation));
                } else {
                    activation.register_parameter("weight", slope);
                }
            }
            list.push_back(conv);
        }
        if (config.method().isLearned()) {
            Module mlp = parent.register_module("adj_transform", Registration.group())
                    .register_module("mlp", Registration.group());
            joinFirst = mlp.register_module("0", linear(config.heads(), config.inner()));
            joinSecond = mlp.register_module("3", linear(config.inner(), 1));
        } else {
            joinFirst = null;
            joinSecond = null;
        }
        norm = config.outputNorm() ? parent.register_module("gnn_norm",
                new Norm.Rms(config.width(), config.normEpsilon()))
                : null;
        scale = Scores.number(parent, "trainable_scale", config.scale());
    }

    private static Tensor copy(Module activation) {
        return Registration.buffer(activation, "weight", torch.full(new long[] {1}, new Scalar(SLOPE)));
    }

    private Conv conv(Module conv) {
        Tensor epsilon = Registration.parameter(conv, "epsilon", torch.zeros(1));
        if (!config.mlp()) {
            return new Conv(epsilon, conv.register_module("transform", linear(config.hidden(), config.hidden())), null,
                    null);
        }
        long inner = (long) (config.hidden() * config.multiplier());
        return new Conv(epsilon, conv.register_module("linear1", linear(config.hidden(), inner)),
                conv.register_module("linear2", linear(inner, config.hidden())),
                config.norm() ? conv.register_module("norm", new Norm.Layer(inner)) : null);
    }

    private static LinearImpl linear(long in, long out) {
        return Initialisation.linear(in, out, true);
    }

    /**
     * The graph of one layer.
     *
     * @param maps (B, H, N, N), the heads' attention maps
     * @return (B, N, N): row i holds the weights of the edges between query i and keys j up to i, 0 for no edge
     */
    Tensor adjacency(Tensor maps, boolean training) {
        Tensor joined = switch (config.method()) {
            case MEAN -> maps.mean(1);
            case SUM -> torch.clamp_max(maps.sum(1), new Scalar(1));
            case THRESHOLD_ANY -> Ops.scale(Ops.shift(maps, -config.threshold()), 1 / config.anyTau()).sigmoid()
                    .amax(new long[] {1}, false);
            case LEARNED_SIGMOID -> learned(maps, training).sigmoid();
            case LEARNED_SOFTMAX -> torch.softmax(learned(maps, training), -1);
        };
        Tensor adjacency = joined.tril(0);
        if (config.alpha() > 0) {
            adjacency = Ops.scale(Ops.shift(adjacency, -config.threshold()), config.alpha()).sigmoid();
        }
        if (!Double.isNaN(config.epsilon())) {
            adjacency = Ops.fill(adjacency, adjacency.le(new Scalar(config.epsilon())), 0);
        }
        return adjacency.tril(config.selfEdges() ? 0 : -1);
    }

    /** The MLP over the heads' weights at each entry: (B, H, N, N) to (B, N, N). */
    private Tensor learned(Tensor maps, boolean training) {
        Tensor hidden = joinFirst.forward(maps.permute(0, 2, 3, 1)).relu();
        return joinSecond.forward(torch.dropout(hidden, JOIN_DROPOUT, training)).squeeze(-1);
    }

    /**
     * u + scale * rms(GIN(u)).
     *
     * @param u         (B, N, D)
     * @param adjacency (B, N, N)
     */
    Tensor forward(Tensor u, Tensor adjacency, boolean training) {
        copies.forEach(copy -> copy.copy_(slope.detach()));
        Tensor edges = config.weighted() ? adjacency : adjacency.ne(new Scalar(0)).to(Ops.type(adjacency));
        Tensor own = config.direction() == SparseGinConfig.EdgeDirection.OFFICIAL
                ? edges.diagonal(0, -2, -1).unsqueeze(-1) : null;                    // (B, N, 1)
        Tensor y = in == null ? u : in.forward(u);
        for (Conv conv : convs) {
            Tensor messages = own != null ? y.mul(own) : edges.matmul(y);
            Tensor next = torch.dropout(activate(transform(conv, y.mul(conv.epsilon).add(messages))), config.dropout(),
                    training);
            y = config.residual() ? next.add(y) : next;
        }
        Tensor gathered = out == null ? y : out.forward(y);
        return u.add((norm == null ? gathered : norm.forward(gathered)).mul(scale));
    }

    private Tensor transform(Conv conv, Tensor g) {
        Tensor hidden = conv.first.forward(g);
        if (!config.mlp()) {
            return activate(hidden);
        }
        return conv.second.forward(activate(conv.norm == null ? hidden : conv.norm.forward(hidden))).add(g);
    }

    private Tensor activate(Tensor x) {
        return switch (config.activation()) {
            case PRELU -> torch.prelu(x, slope);
            case RELU -> x.relu();
            case TANH -> x.tanh();
            case GELU -> torch.gelu(x);
        };
    }
}
