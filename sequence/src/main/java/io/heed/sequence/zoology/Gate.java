package io.heed.sequence.zoology;

import java.util.Optional;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Padding;
import io.heed.tensor.Ops;

/** What turns a position's score into the weight of what it looks up. */
enum Gate {
    /** A sigmoid, with a loss on more open gates than lookups. */
    SIGMOID,
    /** A softmax over the sequence, or over the tokens so far: the weights of a sequence share one unit. */
    SOFTMAX;

    /** Stands for negative infinity where differences are taken. */
    private static final double HIDDEN = -1e30;

    /**
     * The weights, (B, N, 1).
     *
     * @param scores (B, N, 1)
     */
    Tensor weights(Tensor scores, Selection selection, Optional<Padding> padding) {
        if (this == SIGMOID) {
            return scores.sigmoid();
        }
        Tensor seen = padding.map(p -> Ops.fill(scores, p.mask().unsqueeze(-1), HIDDEN)).orElse(scores);
        Tensor weights = selection == Selection.SEQUENCE ? torch.softmax(seen, 1)
                : seen.sub(seen.logcumsumexp(1)).exp();
        return padding.map(p -> Ops.fill(weights, p.mask().unsqueeze(-1), 0)).orElse(weights);
    }

    /** What positions are ranked by: of two tokens the softmax weighs the one with the higher score more. */
    Tensor ranks(Tensor scores) {
        return this == SIGMOID ? scores.sigmoid() : scores;
    }
}
