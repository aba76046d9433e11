package io.heed.sequence.titans;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.sequence.Scopes;
import io.heed.tensor.Ops;

/**
 * The memory at one moment: L matrices, M(z) = ..silu(z W_0) W_1.., and their momentum S, each (B, in, out).
 * {@code anchor} is what the matrices were at the last chunk boundary, where gradients are taken.
 */
record MemoryWeights(List<Tensor> matrices, List<Tensor> momentum, List<Tensor> anchor) {
    /**
     * How a token changes the memory, (B, n, 1): forgetting, momentum's decay, step size, and 0 where there is no
     * token.
     */
    record Gates(Tensor keep, Tensor logKeep, Tensor decay, Tensor logDecay, Tensor step, Tensor real) {
        Gates at(long first, long count) {
            return new Gates(keep.narrow(1, first, count), logKeep.narrow(1, first, count),
                    decay.narrow(1, first, count),
                    logDecay.narrow(1, first, count), step.narrow(1, first, count), real.narrow(1, first, count));
        }

        /** Runs of {@code length} tokens, one after the other. */
        List<Gates> apart(long length) {
            TensorVector[] parts = {keep.split(length, 1), logKeep.split(length, 1), decay.split(length, 1),
                logDecay.split(length, 1), step.split(length, 1), real.split(length, 1)};
            List<Gates> apart = new ArrayList<>();
            for (int i = 0; i < parts[0].size(); i++) {
                apart.add(new Gates(parts[0].get(i), parts[1].get(i), parts[2].get(i), parts[3].get(i),
                        parts[4].get(i), parts[5].get(i)));
            }
            return apart;
        }

        /** The same as (B, count, size, 1). */
        Gates inChunks(long count, long size) {
            return new Gates(keep.unflatten(1, count, size), logKeep.unflatten(1, count, size),
                    decay.unflatten(1, count, size), logDecay.unflatten(1, count, size),
                    step.unflatten(1, count, size), real.unflatten(1, count, size));
        }
    }

    /**
     * The gradients of a run of tokens at the anchor, as factors: token i's for matrix l is inputs_l,i^T errors_l,i.
     */
    record Gradients(List<Tensor> inputs, List<Tensor> errors) { }

    /** What a run of tokens reads, (B, n, out), and the memory after it. */
    record Read(Tensor out, MemoryWeights after) {
        /** What {@code body} makes, without what it leaves behind. */
        static Read kept(Supplier<Read> body) {
            Read[] read = new Read[1];
            Scopes.keepAll(() -> {
                read[0] = body.get();
                List<Tensor> made = new ArrayList<>(List.of(read[0].out));
                made.addAll(read[0].after.matrices);
                made.addAll(read[0].after.momentum);
                made.addAll(read[0].after.anchor);
                return made;
            });
            return read[0];
        }
    }

    /** A fresh memory of these matrices (in, out), without momentum. */
    static MemoryWeights fresh(List<Tensor> weights, long batch) {
        List<Tensor> matrices = weights.stream().map(w -> w.unsqueeze(0).expand(batch, w.size(0), w.size(1))).toList();
        return new MemoryWeights(matrices, matrices.stream().map(torch::zeros_like).toList(), matrices);
    }

    /** Gradients are taken at the present matrices from now on. */
    MemoryWeights anchored() {
        return new MemoryWeights(matrices, momentum, matrices);
    }

    /** M(z) with the matrices as they are, (B, n, in) to (B, n, out). */
    Tensor read(Tensor z) {
        Tensor h = z;
        for (int l = 0; l < matrices.size(); l++) {
            h = (l == 0 ? h : torch.silu(h)).matmul(matrices.get(l));
        }
        return h;
    }

    /** Gradients of sum (M(k) - v)^2 at the anchor, of every token for itself. */
    Gradients gradients(Tensor keys, Tensor values) {
        List<Tensor> inputs = new ArrayList<>();
        List<Tensor> outputs = new ArrayList<>(); // before the activation
        for (int l = 0; l < anchor.size(); l++) {
            inputs.add(l == 0 ? keys : torch.silu(outputs.getLast()));
            outputs.add(inputs.getLast().matmul(anchor.get(l)));
        }
        List<Tensor> errors = new ArrayList<>(List.of(Ops.scale(outputs.getLast().sub(values), 2)));
        for (int l = anchor.size() - 1; l > 0; l--) {
            Tensor before = outputs.get(l - 1);
            Tensor s = before.sigmoid();
            Tensor slope = s.mul(Ops.shift(before.mul(Ops.shift(Ops.scale(s, -1), 1)), 1)); // s (1 + h (1 - s))
            errors.addFirst(errors.getFirst().matmul(anchor.get(l).transpose(1, 2)).mul(slope));
        }
        return new Gradients(inputs, errors);
    }

    /**
     * One token by the recurrence: S = eta S - theta g, M = (1 - alpha) M + S, then the read of {@code query} (B, 1,
     * d).
     */
    Read step(Tensor query, Tensor key, Tensor value, Gates gates) {
        Gradients g = gradients(key, value);
        List<Tensor> nextMomentum = new ArrayList<>();
        List<Tensor> next = new ArrayList<>();
        for (int l = 0; l < matrices.size(); l++) {
            Tensor gradient = g.inputs.get(l).transpose(1, 2).matmul(g.errors.get(l));
            Tensor s = momentum.get(l).mul(gates.decay).sub(gradient.mul(gates.step));
            nextMomentum.add(s);
            next.add(matrices.get(l).mul(gates.keep).add(s.mul(gates.real)));
        }
        MemoryWeights after = new MemoryWeights(next, nextMomentum, anchor);
        return new Read(after.read(query), after);
    }

    /**
     * A run of tokens between two chunk boundaries in closed form, from an anchor that may lie before its first token:
     * no matrix of any single token is made.
     */
    Read chunk(Tensor queries, Tensor keys, Tensor values, ChunkShares shares) {
        Gradients g = gradients(keys, values);
        Tensor z = queries;
        List<Tensor> next = new ArrayList<>();
        List<Tensor> nextMomentum = new ArrayList<>();
        for (int l = 0; l < matrices.size(); l++) {
            Tensor input = g.inputs.get(l);
            Tensor error = g.errors.get(l);
            z = l == 0 ? z : torch.silu(z);
            z = z.matmul(matrices.get(l)).mul(shares.matrices())
                    .add(z.matmul(momentum.get(l)).mul(shares.momentum()))
                    .sub(z.matmul(input.transpose(1, 2)).mul(shares.gradients()).matmul(error));
            next.add(matrices.get(l).mul(shares.lastMatrices()).add(momentum.get(l).mul(shares.lastMomentum()))
                    .sub(input.mul(shares.lastGradients()).transpose(1, 2).matmul(error)));
            nextMomentum.add(momentum.get(l).mul(shares.lastDecay())
                    .sub(input.mul(shares.lastSurprise()).transpose(1, 2).matmul(error)));
        }
        return new Read(z, new MemoryWeights(next, nextMomentum, anchor));
    }
}
