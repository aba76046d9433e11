package io.heed.sequence.pointer;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Form;
import io.heed.nn.Registration;
import io.heed.tensor.Ops;

/**
 * The pointer network; see the package. Further parameters {@code attention.W1}, {@code attention.W2} (h, h),
 * {@code attention.v (h)}.
 */
final class PointerNetwork extends PointModel {
    private final Tensor w1;
    private final Tensor w2;
    private final Tensor v;

    PointerNetwork(int inputs, int hidden) {
        super("PointerNetwork", inputs, hidden);
        Module attention = register_module("attention", Registration.group());
        w1 = Registration.parameter(attention, "W1", torch.empty(hidden, hidden));
        w2 = Registration.parameter(attention, "W2", torch.empty(hidden, hidden));
        v = Registration.parameter(attention, "v", torch.empty(hidden));
        drawWeights();
    }

    @Override
    Tensor scores(Encoded encoded, Tensor states) {
        Tensor scores = PointerScores.of(states.matmul(w2), encoded.memory().matmul(w1), v, Form.AUTO);
        return Ops.fill(scores, encoded.hidden().unsqueeze(1), Double.NEGATIVE_INFINITY);
    }
}
