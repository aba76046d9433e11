package io.heed.bench;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.Attention;
import io.heed.kernels.AttentionGradients;
import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.kernels.Rows;
import io.heed.tensor.View;

/** Dense attention against libtorch's {@code scaled_dot_product_attention} and its autograd. */
final class AttentionBenches {
    private static final String LIBTORCH = "libtorch scaled_dot_product_attention";
    private static final double TOLERANCE = 2e-4;

    private AttentionBenches() { }

    static List<BenchCase> all() {
        List<BenchCase> cases = new ArrayList<>();
        for (boolean causal : new boolean[] {false, true}) {
            for (int length : new int[] {2048, 8192}) {
                cases.add(forward(8, 8, length, 64, causal));
                cases.add(backward(8, length, 64, causal));
            }
        }
        cases.add(forward(8, 8, 2048, 128, false));
        cases.add(forward(8, 4, 2048, 64, false));
        cases.add(sigmoid(8, 8192, 64));
        cases.add(window(2, 16384, 64, 256));
        return cases;
    }

    private static BenchCase forward(int heads, int keyHeads, int length, int width, boolean causal) {
        String shape = shape(heads, length, width) + (causal ? " causal" : "")
                + (keyHeads == heads ? "" : " " + keyHeads + " key/value heads");
        return new SideBySide("softmax-forward", shape, LIBTORCH, () -> {
            Inputs in = new Inputs(heads, keyHeads, length, width);
            AttentionSpec spec = AttentionSpec.softmax().withMask(mask(causal));
            return sides(in, spec, () -> in.libtorch(new TensorOptional(), causal), in.expected);
        });
    }

    private static BenchCase sigmoid(int heads, int length, int width) {
        return new SideBySide("sigmoid-forward", shape(heads, length, width), "heed softmax", () -> {
            Inputs in = new Inputs(heads, heads, length, width);
            Tensor out = Tensors.zeros(1, heads, length, width);
            Rows written = View.write(out).rows();
            AttentionSpec sigmoid = AttentionSpec.sigmoid().withLogitBias((float) -Math.log(length));
            Runnable heed = () -> Attention.forward(in.q, in.k, in.v, written, sigmoid);
            Runnable other = () -> Attention.forward(in.q, in.k, in.v, in.o, AttentionSpec.softmax());
            // The two compute different things; sigmoid is held to its own equation on one head's first rows.
            return new SideBySide.Sides(heed, other, () -> {
                Tensor rows = in.query.select(1, 0).narrow(1, 0, 32);
                Tensor logits = rows.matmul(in.key.select(1, 0).transpose(1, 2)).div(scalar(Math.sqrt(width)))
                        .add(scalar(-Math.log(length)));
                return Tensors.difference(out.select(1, 0).narrow(1, 0, 32),
                        torch.sigmoid(logits).matmul(in.value.select(1, 0)));
            }, TOLERANCE);
        });
    }

    private static BenchCase window(int heads, int length, int width, int window) {
        return new SideBySide("sliding-window", shape(heads, length, width) + " window " + window,
                LIBTORCH + " with a boolean mask", () -> {
            Inputs in = new Inputs(heads, heads, length, width);
            AttentionSpec spec = AttentionSpec.softmax().withMask(new Mask.SlidingWindow(window - 1, 0, 0));
            Tensor near = torch.ones(new long[] {length, length}, new TensorOptions(
                    torch.ScalarType.Bool)).tril().triu(1 - window);
            return sides(in, spec, () -> in.libtorch(new TensorOptional(near), false), in.expected);
        });
    }

    private static BenchCase backward(int heads, int length, int width, boolean causal) {
        return new SideBySide("softmax-backward", shape(heads, length, width) + (causal ? " causal" : ""),
                "libtorch autograd", () -> {
            Inputs in = new Inputs(heads, heads, length, width);
            AttentionSpec spec = AttentionSpec.softmax().withMask(mask(causal));
            MemorySegment lse = View.segment(Tensors.zeros(1, heads, length));
            Attention.forward(in.q, in.k, in.v, in.o, lse, spec);
            Tensor gradient = Tensors.normal(1, heads, length, width);
            Tensor[] ours = {in.query.clone(), in.key.clone(), in.value.clone()};
            Rows dOut = View.read(gradient).rows();
            Rows dq = View.write(ours[0]).rows();
            Rows dk = View.write(ours[1]).rows();
            Rows dv = View.write(ours[2]).rows();
            AttentionGradients gradients = AttentionGradients.of(dq, dk, dv);
            Runnable heed = () -> Attention.backward(in.q, in.k, in.v, in.o, lse, dOut, gradients, spec);

            Tensor query = in.query.clone().requires_grad_(true);
            Tensor key = in.key.clone().requires_grad_(true);
            Tensor value = in.value.clone().requires_grad_(true);
            Tensor output;
            try (AutoGradMode _ = new AutoGradMode(true)) {
                output = torch.scaled_dot_product_attention(query, key, value, new TensorOptional(), 0, causal,
                        new DoubleOptional(), false);
            }
            TensorVector outputs = new TensorVector(output);
            TensorVector inputs = new TensorVector(query, key, value);
            TensorVector incoming = new TensorVector(gradient);
            Tensor[] theirs = {in.query.clone(), in.key.clone(), in.value.clone()};
            Runnable other = () -> {
                try (PointerScope _ = new PointerScope()) {
                    TensorVector result = torch.grad(outputs, inputs, incoming, new BoolOptional(true), false, false);
                    for (int i = 0; i < theirs.length; i++) {
                        theirs[i].set_data(result.get(i));
                    }
                }
            };
            return new SideBySide.Sides(heed, other, () -> {
                double largest = 0;
                for (int i = 0; i < theirs.length; i++) {
                    largest = Math.max(largest, Tensors.difference(ours[i], theirs[i]));
                }
                return largest;
            }, TOLERANCE);
        });
    }

    private static SideBySide.Sides sides(Inputs in, AttentionSpec spec, Runnable other, Tensor expected) {
        return new SideBySide.Sides(() -> Attention.forward(in.q, in.k, in.v, in.o, spec), other,
                () -> Tensors.difference(in.out, expected), TOLERANCE);
    }

    private static Mask mask(boolean causal) {
        return causal ? new Mask.Causal(0) : new Mask.Full();
    }

    private static String shape(int heads, int length, int width) {
        return "1x" + heads + "x" + length + "x" + width;
    }

    private static Scalar scalar(double value) {
        return new Scalar(value);
    }

    /** Random q, k, v and room for both outputs; lives as long as the enclosing pointer scope. */
    private static final class Inputs {
        final Tensor query;
        final Tensor key;
        final Tensor value;
        final Tensor out;
        final Tensor expected;
        final Rows q;
        final Rows k;
        final Rows v;
        final Rows o;

        Inputs(int heads, int keyHeads, int length, int width) {
            query = Tensors.normal(1, heads, length, width);
            key = Tensors.normal(1, keyHeads, length, width);
            value = Tensors.normal(1, keyHeads, length, width);
            out = Tensors.zeros(1, heads, length, width);
            expected = Tensors.zeros(1, heads, length, width);
            q = View.read(query).rows();
            k = View.read(key).rows();
            v = View.read(value).rows();
            o = View.write(out).rows();
        }

        void libtorch(TensorOptional mask, boolean causal) {
            try (PointerScope _ = new PointerScope()) {
                expected.set_data(torch.scaled_dot_product_attention(query, key, value, mask, 0, causal,
                        new DoubleOptional(),
                        query.size(1) != key.size(1)));
            }
        }
    }
}
