package io.heed.sequence.combiner;

import org.bytedeco.pytorch.Tensor;

import io.heed.tensor.Ops;

/** How the axial mixture takes queries and keys together that come one after another. */
public enum Running {
    /** The largest so far, channel by channel; 0 where there is none. */
    MAX {
        @Override
        Tensor along(Tensor x, Tensor hidden) {
            Tensor most = Ops.fill(x, hidden.unsqueeze(-1), Double.NEGATIVE_INFINITY).cummax(-2).get0();
            return Ops.fill(most, most.isinf(), 0);
        }

        @Override
        Tensor join(Tensor a, Tensor b) {
            return a.maximum(b);
        }
    },
    /** The sum so far, as the TensorFlow code has it in place of the maximum. */
    SUM {
        @Override
        Tensor along(Tensor x, Tensor hidden) {
            return Ops.fill(x, hidden.unsqueeze(-1), 0).cumsum(-2);
        }

        @Override
        Tensor join(Tensor a, Tensor b) {
            return a.add(b);
        }
    };

    /** Of a line (..., c, d) up to each of its places; {@code hidden} (..., c) is true for places left out. */
    abstract Tensor along(Tensor x, Tensor hidden);

    /** Of two stretches, from what each gives. */
    abstract Tensor join(Tensor a, Tensor b);
}
