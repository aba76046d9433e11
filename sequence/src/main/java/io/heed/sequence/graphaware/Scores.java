package io.heed.sequence.graphaware;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Registration;
import io.heed.tensor.Ops;

/** Attention maps as both attentions make them: masked scores to weights. */
final class Scores {
    /** Added to the score of a hidden key; unlike -infinity it leaves a row that sees nothing finite. */
    private static final double HIDDEN = -1e9;

    private Scores() { }

    /** q k^T / sqrt(d): (B, H, M, d) and (B, H, N, d) to (B, H, M, N). */
    static Tensor of(Tensor q, Tensor k) {
        return Ops.scale(q.matmul(k.transpose(-2, -1)), 1 / Math.sqrt(q.size(-1)));
    }

    /**
     * Hides keys.
     *
     * @param hidden true where a query does not see a key, broadcasts to the scores; null for none
     */
    static Tensor hide(Tensor scores, Tensor hidden) {
        return hidden == null ? scores : scores.add(Ops.scale(hidden.to(Ops.type(scores)), HIDDEN));
    }

    /**
     * Where keys are hidden from the last M of N queries.
     *
     * @param padded (B, N), true at padded keys, or null
     * @return (1 or B, 1, M, N), or null where nothing is hidden
     */
    static Tensor hidden(long queries, long keys, boolean causal, Tensor padded) {
        Tensor later = causal && keys > 1 ? Ops.causalMask(queries, keys).unsqueeze(0).unsqueeze(0) : null;
        if (padded == null) {
            return later;
        }
        Tensor absent = padded.unsqueeze(1).unsqueeze(1);
        return later == null ? absent : later.logical_or(absent);
    }

    /**
     * The adjacency without padded keys, to which a threshold mode may have given weight.
     *
     * @param padded (B, N), true at padded keys, or null
     */
    static Tensor withoutPadding(Tensor adjacency, Tensor padded, GraphAwareConfig config) {
        return padded == null || config.threshold() == ThresholdMode.NONE ? adjacency
                : Ops.fill(adjacency, padded.unsqueeze(1).unsqueeze(1), 0);
    }

    /** Hidden scores to weights. */
    static Tensor weights(Tensor scores, GraphAwareConfig config) {
        return switch (config.map()) {
            case SOFTMAX -> torch.softmax(Ops.scale(scores, 1 / config.temperature()), -1);
            case RELU -> scores.relu();
            case RAW -> scores;
        };
    }

    /** A trained number of a module: a parameter of no dimensions. */
    static Tensor number(Module module, String name, double value) {
        return Registration.parameter(module, name, torch.full(new long[0], new Scalar(value)));
    }

    /** A module that holds one number under the name {@code 0}, as a list of parameters does. */
    static Tensor listedNumber(Module parent, String name, double value) {
        Module list = parent.register_module(name, Registration.group());
        return number(list, "0", value);
    }

    /** A projection (D to heads d). */
    static LinearImpl projection(GraphAwareConfig config, int heads) {
        return Initialisation.linear(config.width(), heads * config.headWidth(), config.bias());
    }
}
