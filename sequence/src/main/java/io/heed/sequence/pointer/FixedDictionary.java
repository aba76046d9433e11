package io.heed.sequence.pointer;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.tensor.Ops;

/**
 * The paper's baselines: the same LSTMs with a linear map to the answers 0 to n, n fixed, either of the decoder's state
 * alone or of the state beside a weighted sum of the encoder's states (content attention). They cannot read more than n
 * points.
 *
 * <p>Further parameters {@code output.weight (1 + n, h or 2 h)}, {@code output.bias}.
 */
final class FixedDictionary extends PointModel {
    private final int most;
    private final boolean attends;
    private final LinearImpl output;

    /** @param most n, points in the largest set */
    FixedDictionary(int inputs, int hidden, int most, boolean attends) {
        super(attends ? "ContentAttention" : "Seq2Seq", inputs, hidden);
        this.most = most;
        this.attends = attends;
        output = register_module("output", new LinearImpl(attends ? 2L * hidden : hidden, most + 1L));
        drawWeights();
    }

    @Override
    Tensor scores(Encoded encoded, Tensor states) {
        long answers = encoded.memory().size(1);
        if (answers > most + 1) {
            throw new IllegalArgumentException("a dictionary of " + most + " answers cannot tell " + (answers - 1)
                    + " points apart");
        }
        Tensor x = attends ? torch.cat(new TensorVector(states, context(encoded, states)), 2) : states;
        Tensor scores = output.forward(x).narrow(2, 0, answers);
        return Ops.fill(scores, encoded.hidden().unsqueeze(1), Double.NEGATIVE_INFINITY);
    }

    /** softmax(d . e) e over the points: (B, S, h). */
    private static Tensor context(Encoded encoded, Tensor states) {
        Tensor weights = Ops.fill(states.matmul(encoded.memory().transpose(1, 2)), encoded.hidden().unsqueeze(1),
                Double.NEGATIVE_INFINITY).softmax(-1);
        return weights.matmul(encoded.memory());
    }
}
