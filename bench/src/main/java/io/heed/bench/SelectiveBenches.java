package io.heed.bench;

import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.DiagonalRecurrence;
import io.heed.nn.Form;
import io.heed.nn.SelectiveStateSpace;

/**
 * The selective scan of S6, forward and backward, against a loop over tokens and against the log-depth scan, both in
 * libtorch; and the recurrence of gated RNNs, one state a channel, against its log-depth scan.
 */
final class SelectiveBenches {
    private static final int LENGTH = 4096;
    private static final int CHANNELS = 256;
    private static final int STATES = 16;

    private SelectiveBenches() { }

    static List<BenchCase> all() {
        return List.of(against("selective-scan-loop", "loop over tokens in libtorch", SelectiveBenches::loop),
                against("selective-scan-log-depth", "log-depth scan in libtorch",
                        input -> SelectiveStateSpace.outputs(input, Form.REFERENCE)), recurrence());
    }

    /** h_t = a_t h_{t-1} + x_t. */
    private static BenchCase recurrence() {
        return new SideBySide("diagonal-recurrence", "1x" + LENGTH + "x" + CHANNELS, "log-depth scan in libtorch",
                () -> {
            Tensor gates = torch.rand(1, LENGTH, CHANNELS).requires_grad_(true);
            Tensor inputs = Tensors.normal(1, LENGTH, CHANNELS).requires_grad_(true);
            Tensor gradient = Tensors.normal(1, LENGTH, CHANNELS);
            Tensor[] heed = {torch.empty_like(gradient), torch.empty_like(gradient), torch.empty_like(gradient)};
            Tensor[] theirs = {torch.empty_like(gradient), torch.empty_like(gradient), torch.empty_like(gradient)};
            return new SideBySide.Sides(() -> recurrence(gates, inputs, gradient, Form.FUSED, heed),
                    () -> recurrence(gates, inputs, gradient, Form.REFERENCE, theirs), () -> difference(heed, theirs),
                    1e-4);
        });
    }

    private static void recurrence(Tensor gates, Tensor inputs, Tensor gradient, Form form, Tensor[] results) {
        try (PointerScope _ = new PointerScope(); AutoGradMode _ = new AutoGradMode(true)) {
            Tensor states = DiagonalRecurrence.states(gates, inputs, null, form);
            TensorVector gradients = torch.grad(new TensorVector(states), new TensorVector(gates, inputs),
                    new TensorVector(gradient), null, false, false);
            results[0].copy_(states.detach());
            results[1].copy_(gradients.get(0));
            results[2].copy_(gradients.get(1));
        }
    }

    /** One way to compute the outputs. */
    private interface Scan {
        Tensor outputs(SelectiveStateSpace.Input input);
    }

    private static BenchCase against(String bench, String other, Scan scan) {
        return new SideBySide(bench, "1x" + LENGTH + "x" + CHANNELS + " " + STATES + " states", other, () -> {
            Inputs in = new Inputs();
            Tensor[] heed = in.results();
            Tensor[] theirs = in.results();
            return new SideBySide.Sides(() -> in.forwardBackward(x -> SelectiveStateSpace.outputs(x, Form.FUSED), heed),
                    () -> in.forwardBackward(scan, theirs), () -> difference(heed, theirs), 1e-4);
        });
    }

    /** h = A_t h + B_t u_t, y_t = C_t h, token by token. */
    private static Tensor loop(SelectiveStateSpace.Input in) {
        Tensor state = torch.zeros(1, CHANNELS, STATES);
        TensorVector outputs = new TensorVector();
        for (int t = 0; t < LENGTH; t++) {
            Tensor delta = in.delta().select(1, t).unsqueeze(-1); // (1, D, 1)
            Tensor written = delta.mul(in.u().select(1, t).unsqueeze(-1)).mul(in.b().select(1, t).unsqueeze(1));
            state = delta.mul(in.a()).exp().mul(state).add(written);
            outputs.push_back(state.matmul(in.c().select(1, t).unsqueeze(-1)).squeeze(-1));
        }
        return torch.stack(outputs, 1);
    }

    private static double difference(Tensor[] heed, Tensor[] theirs) {
        double largest = 0;
        for (int i = 0; i < heed.length; i++) {
            largest = Math.max(largest, Tensors.difference(heed[i], theirs[i]));
        }
        return largest;
    }

    private static final class Inputs {
        private final Tensor[] leaves = {Tensors.normal(1, LENGTH, CHANNELS),
            torch.rand(1, LENGTH, CHANNELS).mul(new Scalar(0.1)), torch.rand(CHANNELS, STATES).mul(new Scalar(-STATES)),
            Tensors.normal(1, LENGTH, STATES), Tensors.normal(1, LENGTH, STATES)};
        private final Tensor gradient = Tensors.normal(1, LENGTH, CHANNELS);

        Inputs() {
            for (Tensor leaf : leaves) {
                leaf.requires_grad_(true);
            }
        }

        /** Where outputs and gradients go. */
        Tensor[] results() {
            Tensor[] results = new Tensor[1 + leaves.length];
            results[0] = torch.empty_like(gradient);
            for (int i = 0; i < leaves.length; i++) {
                results[1 + i] = torch.empty_like(leaves[i].detach());
            }
            return results;
        }

        void forwardBackward(Scan scan, Tensor[] results) {
            try (PointerScope _ = new PointerScope(); AutoGradMode _ = new AutoGradMode(true)) {
                Tensor y = scan.outputs(new SelectiveStateSpace.Input(leaves[0], leaves[1], leaves[2], leaves[3],
                        leaves[4]));
                TensorVector gradients =
                        torch.grad(new TensorVector(y), new TensorVector(leaves), new TensorVector(gradient), null,
                        false, false);
                results[0].copy_(y.detach());
                for (int i = 0; i < leaves.length; i++) {
                    results[1 + i].copy_(gradients.get(i));
                }
            }
        }
    }
}
