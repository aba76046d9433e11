package io.heed.sequence.combiner;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Registration;

/**
 * How the queries and keys of a group become one: an activation, then a pooling. Parameters, for {@code deepset}:
 * {@code pooling_query.kernel}, {@code pooling_key.kernel (d, d)}, applied as x W.
 */
final class Grouping {
    private final Activation activation;
    private final Pooling pooling;
    private final Tensor queryWeight;
    private final Tensor keyWeight;

    Grouping(Module owner, Activation activation, Pooling pooling, long headWidth) {
        this.activation = activation;
        this.pooling = pooling;
        boolean weights = activation == Activation.DEEPSET;
        queryWeight = weights ? weight(owner, "pooling_query", headWidth) : null;
        keyWeight = weights ? weight(owner, "pooling_key", headWidth) : null;
    }

    private static Tensor weight(Module owner, String name, long headWidth) {
        Module module = owner.register_module(name, new Module("Pooling"));
        return Registration.parameter(module, "kernel", Initialisation.truncatedNormal(
                torch.empty(headWidth, headWidth), Initialisation.DEVIATION));
    }

    Pooling pooling() {
        return pooling;
    }

    /** Queries (..., d) ready to be pooled. */
    Tensor queries(Tensor q) {
        return activated(q, queryWeight);
    }

    /** Keys (..., d) ready to be pooled. */
    Tensor keys(Tensor k) {
        return activated(k, keyWeight);
    }

    private Tensor activated(Tensor x, Tensor weight) {
        return switch (activation) {
            case IDENTITY -> x;
            case RELU -> x.relu();
            case DEEPSET -> x.matmul(weight).relu();
        };
    }
}
