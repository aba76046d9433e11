package io.heed.bench;

import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Form;
import io.heed.nn.SelectiveStateSpace;

/**
 * The selective scan of S6, forward and backward, against a loop over tokens and against the log-depth scan, both in
 * libtorch.
 */
final class SelectiveBenches {
    private static final int LENGTH = 4096;
    private static final int CHANNELS = 256;
    private static final int STATES = 16;

    private SelectiveBenches() { }

    static List<BenchCase> all() {
        return List.of(against("selective-scan-loop", "loop over tokens in libtorch", SelectiveBenches::loop),
                against("selective-scan-log-depth", "log-depth scan in libtorch",
                        input -> SelectiveStateSpace.outputs(input, Form.REFERENCE)));
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
