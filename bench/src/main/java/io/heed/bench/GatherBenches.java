package io.heed.bench;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.GatherAttention;
import io.heed.kernels.KeyLists;
import io.heed.kernels.Rows;
import io.heed.tensor.Ops;
import io.heed.tensor.View;

/**
 * Attention of blocks of queries to lists of keys, a twentieth of all, forward and backward, against the same composed
 * of libtorch's gather, products and softmax with autograd.
 */
final class GatherBenches {
    private static final int HEADS = 4;
    private static final int LENGTH = 8192;
    private static final int WIDTH = 64;
    private static final double DENSITY = 0.05;
    private static final float SCALE = 0.125f;

    private GatherBenches() { }

    static List<BenchCase> all() {
        return List.of(forwardBackward(16), forwardBackward(64));
    }

    private static BenchCase forwardBackward(int block) {
        String shape = "1x" + HEADS + "x" + LENGTH + "x" + WIDTH + " 5% blocks of " + block;
        return new SideBySide("gather-forward-backward", shape, "libtorch gather with autograd", () -> {
            Inputs in = new Inputs(block);
            return new SideBySide.Sides(in::heed, in::composed, in::difference, 1e-4);
        });
    }

    private static final class Inputs {
        private final int block;
        private final int list;
        private final Tensor[] inputs = new Tensor[3];
        private final Tensor[] leaves = new Tensor[3];
        private final Tensor[] ours = new Tensor[3];
        private final Tensor[] theirs = new Tensor[3];
        private final Rows[] rows = new Rows[3];
        private final Rows[] written = new Rows[3];
        private final Rows out;
        private final MemorySegment lse;
        private final Tensor gradient;
        private final Rows incoming;
        private final KeyLists lists;
        private final Tensor index;

        Inputs(int block) {
            this.block = block;
            list = (int) (DENSITY * LENGTH);
            for (int i = 0; i < 3; i++) {
                inputs[i] = Tensors.normal(1, HEADS, LENGTH, WIDTH);
                leaves[i] = inputs[i].clone().requires_grad_(true);
                ours[i] = Tensors.zeros(1, HEADS, LENGTH, WIDTH);
                theirs[i] = Tensors.zeros(1, HEADS, LENGTH, WIDTH);
                rows[i] = View.read(inputs[i]).rows();
                written[i] = View.write(ours[i]).rows();
            }
            out = View.write(Tensors.zeros(1, HEADS, LENGTH, WIDTH)).rows();
            lse = View.segment(Tensors.zeros(1, HEADS, LENGTH));
            gradient = Tensors.normal(1, HEADS, LENGTH, WIDTH);
            incoming = View.read(gradient).rows();
            int count = HEADS * LENGTH / block;
            int[] keys = new int[count * list];
            long[] indices = new long[keys.length];
            SplittableRandom random = new SplittableRandom(1);
            for (int i = 0; i < keys.length; i++) {
                keys[i] = random.nextInt(LENGTH);
            }
            for (int row = 0; row < count; row++) {
                Arrays.sort(keys, row * list, (row + 1) * list); // as routing, blocks and segments list them
            }
            Arrays.setAll(indices, i -> keys[i]);
            lists = KeyLists.equal(block, list, keys);
            index = Ops.of(indices, 1, HEADS, (long) LENGTH / block * list, 1)
                    .expand(1, HEADS, (long) LENGTH / block * list, WIDTH);
        }

        void heed() {
            GatherAttention.forward(rows[0], rows[1], rows[2], out, lse, lists, SCALE);
            GatherAttention.backward(rows[0], rows[1], rows[2], out, lse, incoming, written[0], written[1], written[2],
                    lists,
                    SCALE);
        }

        void composed() {
            try (PointerScope _ = new PointerScope(); AutoGradMode _ = new AutoGradMode(true)) {
                long blocks = LENGTH / block;
                Tensor q = leaves[0].mul(new Scalar(SCALE)).unflatten(2, blocks, block);
                Tensor k = leaves[1].gather(2, index).unflatten(2, blocks, list);
                Tensor v = leaves[2].gather(2, index).unflatten(2, blocks, list);
                Tensor result = torch.softmax(q.matmul(k.transpose(-2, -1)), -1).matmul(v).flatten(2, 3);
                TensorVector gradients = torch.grad(new TensorVector(result), new TensorVector(leaves),
                        new TensorVector(gradient), null, false, false);
                for (int i = 0; i < 3; i++) {
                    theirs[i].copy_(gradients.get(i));
                }
            }
        }

        double difference() {
            double largest = 0;
            for (int i = 0; i < 3; i++) {
                largest = Math.max(largest, Tensors.difference(ours[i], theirs[i]));
            }
            return largest;
        }
    }
}
