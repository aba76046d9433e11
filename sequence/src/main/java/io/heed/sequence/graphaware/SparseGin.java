package io.heed.sequence.graphaware;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.Csr;
import io.heed.kernels.MapEdges;
import io.heed.nn.Form;
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
    /** Positions from which a graph of few edges is kept as a list; below, dense products cost less. */
    private static final long SPARSE_FROM = 256;
    /** Share of all entries up to which edges are few. */
    private static final double MOST_EDGES = 1.0 / 16;
    /** Below the limit, so that rounding in another order loses no edge; weaker ones get weight 0. */
    private static final double MARGIN = 1e-4;
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
        return edges(joined(maps, training).tril(0)).tril(config.selfEdges() ? 0 : -1);
    }

    /**
     * The same graph in the form in which messages cost least: as self edges where messages go nowhere else, and as a
     * list of edges where it is fused, the sequence long and the edges few, found without a tensor of all entries.
     */
    MapGraph graph(Tensor maps, boolean training, Form form) {
        if (config.direction() == SparseGinConfig.EdgeDirection.OFFICIAL) {
            return new MapGraph.Own(counted(own(maps, training)));
        }
        double limit = config.limit();
        if (form.isFused(maps) && maps.size(3) >= SPARSE_FROM && limit > MARGIN) {
            MapEdges.Join join = config.method() == SparseGinConfig.Method.THRESHOLD_ANY ? MapEdges.Join.MAX
                    : MapEdges.Join.SUM;
            Csr few = MapGraph.Sparse.above(maps, join, limit - MARGIN, config.selfEdges());
            if (few.edges() <= MOST_EDGES * maps.size(0) * maps.size(2) * maps.size(3)) {
                Tensor weights = edges(joined(MapGraph.Sparse.at(few, maps), training)).squeeze(0);
                return new MapGraph.Sparse(few, counted(weights));
            }
        }
        return new MapGraph.Dense(counted(adjacency(maps, training)));
    }

    /** (B, N): each position's edge to itself. */
    private Tensor own(Tensor maps, boolean training) {
        if (config.method() == SparseGinConfig.Method.LEARNED_SOFTMAX) {
            return adjacency(maps, training).diagonal(0, -2, -1);
        }
        Tensor own = edges(joined(maps.diagonal(0, -2, -1), training));
        return config.selfEdges() ? own : torch.zeros_like(own);
    }

    /** What messages are multiplied by. */
    private Tensor counted(Tensor edges) {
        return config.weighted() ? edges : edges.ne(new Scalar(0)).to(Ops.type(edges));
    }

    /** The heads' weights as one: (B, H, ..) to (B, ..). */
    private Tensor joined(Tensor maps, boolean training) {
        return switch (config.method()) {
            case MEAN -> maps.mean(1);
            case SUM -> torch.clamp_max(maps.sum(1), new Scalar(1));
            case THRESHOLD_ANY -> Ops.scale(Ops.shift(maps, -config.threshold()), 1 / config.anyTau()).sigmoid()
                    .amax(new long[] {1}, false);
            case LEARNED_SIGMOID -> learned(maps, training).sigmoid();
            case LEARNED_SOFTMAX -> torch.softmax(learned(maps, training), -1);
        };
    }

    /** Joined weights as edges: sharpened, and 0 where they are too weak. */
    private Tensor edges(Tensor joined) {
        Tensor edges = config.alpha() > 0
                ? Ops.scale(Ops.shift(joined, -config.threshold()), config.alpha()).sigmoid() : joined;
        return Double.isNaN(config.epsilon()) ? edges
                : Ops.fill(edges, edges.le(new Scalar(config.epsilon())), 0);
    }

    /** The MLP over the heads' weights at each entry: (B, H, ..) to (B, ..). */
    private Tensor learned(Tensor maps, boolean training) {
        Tensor hidden = joinFirst.forward(maps.movedim(1, -1)).relu();
        return joinSecond.forward(torch.dropout(hidden, JOIN_DROPOUT, training)).squeeze(-1);
    }

    /**
     * u + scale * rms(GIN(u)).
     *
     * @param u    (B, N, D)
     * @param maps (B, H, N, N), the heads' attention maps
     */
    Tensor forward(Tensor u, Tensor maps, boolean training, Form form) {
        copies.forEach(copy -> copy.copy_(slope.detach()));
        MapGraph graph = graph(maps, training, form);
        Tensor y = in == null ? u : in.forward(u);
        for (Conv conv : convs) {
            Tensor g = y.mul(conv.epsilon).add(graph.messages(y));
            Tensor next = torch.dropout(activate(transform(conv, g)), config.dropout(), training);
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
