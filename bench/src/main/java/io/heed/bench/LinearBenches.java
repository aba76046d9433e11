package io.heed.bench;

import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.LinearAttention;
import io.heed.kernels.LinearAttentionSpec;
import io.heed.tensor.View;

/**
 * Lightning attention, forward and backward, against libtorch's causal softmax attention, and against itself in length.
 */
final class LinearBenches {
    private static final int HEADS = 8;
    private static final int WIDTH = 64;
    private static final int SHORT = 2048;

    private LinearBenches() { }

    static List<BenchCase> all() {
        return List.of(againstLibtorch(8192), constantSpeed(65536));
    }

    private static BenchCase againstLibtorch(int length) {
        return new SideBySide("lightning-forward-backward", shape(length), "libtorch causal attention with autograd",
                () -> {
            Inputs in = new Inputs(1, length);
            Tensor[] leaves = {in.query.clone(), in.key.clone(), in.value.clone()};
            for (Tensor leaf : leaves) {
                leaf.requires_grad_(true);
            }
            Runnable other = () -> {
                try (PointerScope _ = new PointerScope(); AutoGradMode _ = new AutoGradMode(true)) {
                    Tensor out = torch.scaled_dot_product_attention(leaves[0], leaves[1], leaves[2],
                            new TensorOptional(), 0,
                            true, new DoubleOptional(), false);
                    torch.grad(new TensorVector(out), new TensorVector(leaves), new TensorVector(in.gradient), null,
                            false,
                            false);
                }
            };
            return new SideBySide.Sides(in::forwardBackward, other, in::error, 1e-4);
        });
    }

    /** The same number of tokens as one long sequence and as many of {@value #SHORT}: 1 is constant speed. */
    private static BenchCase constantSpeed(int length) {
        return new SideBySide("lightning-constant-speed", shape(length), "heed, the same tokens at N = " + SHORT,
                () -> {
            Inputs in = new Inputs(1, length);
            Inputs parts = new Inputs(length / SHORT, SHORT);
            return new SideBySide.Sides(in::forwardBackward, parts::forwardBackward, in::error, 1e-4);
        });
    }

    private static String shape(int length) {
        return "1x" + HEADS + "x" + length + "x" + WIDTH;
    }

    private static final class Inputs {
        private static final int CHECKED = 256;

        final float[] decays = new float[HEADS];
        final Tensor query;
        final Tensor key;
        final Tensor value;
        final Tensor gradient;
        final Tensor out;
        final LinearAttentionSpec spec;
        final LinearAttention.Input input;
        final LinearAttention.Output output;
        final LinearAttention.Output incoming;
        final LinearAttention.Input gradients;

        Inputs(long batch, long length) {
            for (int h = 0; h < HEADS; h++) {
                decays[h] = (float) Math.pow(2, -(h + 1));
            }
            query = Tensors.normal(batch, HEADS, length, WIDTH);
            key = Tensors.normal(batch, HEADS, length, WIDTH);
            value = Tensors.normal(batch, HEADS, length, WIDTH);
            gradient = Tensors.normal(batch, HEADS, length, WIDTH);
            out = Tensors.zeros(batch, HEADS, length, WIDTH);
            spec = LinearAttentionSpec.ofCausal(decays);
            input = input(query, key, value);
            output = new LinearAttention.Output(View.write(out).rows(), null);
            incoming = new LinearAttention.Output(View.read(gradient).rows(), null);
            gradients = input(query.clone(), key.clone(), value.clone());
        }

        private static LinearAttention.Input input(Tensor q, Tensor k, Tensor v) {
            return new LinearAttention.Input(View.read(q).rows(), View.read(k).rows(), View.read(v).rows(), null);
        }

        void forwardBackward() {
            LinearAttention.forward(input, output, spec);
            LinearAttention.backward(input, incoming, gradients, spec);
        }

        /**
         * The last rows against ((q k^T) * M) v over the nearest {@value #CHECKED} keys of the fastest decaying head.
         */
        double error() {
            long length = query.size(2);
            long from = length - CHECKED;
            Tensor q = query.select(0, 0).select(0, 0).narrow(0, from, CHECKED);
            Tensor k = key.select(0, 0).select(0, 0).narrow(0, from, CHECKED);
            Tensor v = value.select(0, 0).select(0, 0).narrow(0, from, CHECKED);
            Tensor position = torch.arange(new Scalar(CHECKED));
            Tensor distance = position.unsqueeze(1).sub(position.unsqueeze(0));
            Tensor decay = distance.mul(new Scalar(-decays[0])).exp().tril();
            Tensor expected = q.matmul(k.t()).mul(decay).matmul(v);
            // keys before the window have decayed to exp(-64) for its second half
            long half = CHECKED / 2;
            return Tensors.difference(out.select(0, 0).select(0, 0).narrow(0, length - half, half),
                    expected.narrow(0, half, half));
        }
    }
}
