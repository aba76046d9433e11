package io.heed.sequence.titans;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.sequence.Scopes;
import io.heed.tensor.Ops;

/**
 * Whole chunks of tokens, one after the other. What does not depend on the memory is computed for all of them at once:
 * with a memory of one matrix that leaves three products a chunk.
 *
 * <p>Tokens are split apart once rather than cut out chunk by chunk: the gradient of a cut is as long as the sequence.
 */
final class WholeChunks {
    /** Chunks that are prepared together: enough for long products, few enough to stay in the cache. */
    private static final int AT_ONCE = 64;

    private WholeChunks() { }

    /**
     * Writes and reads them.
     *
     * @param tokens (B, C b, ..)
     * @param size   b
     */
    static MemoryWeights.Read run(NeuralMemory.Tokens tokens, MemoryWeights memory, long size) {
        List<Tensor> outputs = new ArrayList<>();
        MemoryWeights now = memory;
        for (NeuralMemory.Tokens some : tokens.apart(AT_ONCE * size)) {
            MemoryWeights start = now.anchored();
            MemoryWeights.Read read = MemoryWeights.Read.kept(() -> {
                NeuralMemory.Tokens chunks = some.inChunks(some.keys().size(1) / size, size); // (B, C, b, ..)
                ChunkShares shares = ChunkShares.of(chunks.gates());
                return start.matrices().size() == 1 ? linear(chunks, shares, start) : deep(chunks, shares, start);
            });
            outputs.add(read.out());
            now = read.after();
        }
        return new MemoryWeights.Read(Ops.cat(1, outputs.toArray(Tensor[]::new)), now);
    }

    /**
     * One matrix. With memory and momentum on top of each other, Z = [M; S] (B, 2 D, D):
     *
     * <pre>
     *   [E; Y] = [2 K, 0; beta Q, sigma Q] Z - [2 V; 0]          errors, and what is read of the memory before the
     *   chunk
     *   Z      = [beta_n, sigma_n; 0, prod eta] Z - [c_n K, s K]^T E
     *   y      = Y - (Q K^T c) E
     * </pre>
     */
    private static MemoryWeights.Read linear(NeuralMemory.Tokens chunks, ChunkShares shares, MemoryWeights memory) {
        Tensor q = chunks.queries();
        Tensor k = chunks.keys();
        long batch = k.size(0);
        long size = k.size(2);
        long width = k.size(3);
        TensorVector readers = Ops.cat(2, torch.constant_pad_nd(Ops.scale(k, 2), 0, width), Ops.cat(3,
                q.mul(shares.matrices()), q.mul(shares.momentum()))).unbind(1);                 // (B, 2 b, 2 D)
        TensorVector targets = torch.constant_pad_nd(Ops.scale(chunks.values(), -2), 0, 0, 0, size).unbind(1);
        TensorVector writers = Ops.cat(3, k.mul(shares.lastGradients()), k.mul(shares.lastSurprise()))
                .neg().transpose(2, 3).unbind(1);                                               // (B, 2 D, b)
        TensorVector turns = Ops.cat(2, Ops.cat(3, shares.lastMatrices(), shares.lastMomentum()),
                torch.constant_pad_nd(shares.lastDecay(), 1, 0)).unbind(1);                     // (B, 2, 2)
        Tensor z = Ops.cat(1, memory.matrices().getFirst(), memory.momentum().getFirst());
        Tensor before = z;
        List<Tensor> read = new ArrayList<>();
        for (int i = 0; i < readers.size(); i++) {
            before = z;
            Tensor errors = torch.baddbmm(targets.get(i), readers.get(i), z);
            read.add(errors);
            z = next(z, turns.get(i), writers.get(i), errors.narrow(1, 0, size));
        }
        Tensor all = Ops.stack(1, read.toArray(Tensor[]::new));                                 // (B, C, 2 b, D)
        Tensor out = all.narrow(2, size, size)
                .sub(q.matmul(k.transpose(2, 3)).mul(shares.gradients()).matmul(all.narrow(2, 0, size)));
        return new MemoryWeights.Read(out.flatten(1, 2), new MemoryWeights(List.of(z.narrow(1, 0, width)),
                List.of(z.narrow(1, width, width)), List.of(before.narrow(1, 0, width))));
    }

    private static Tensor next(Tensor z, Tensor turn, Tensor writer, Tensor errors) {
        return Scopes.keep(() -> torch.baddbmm(turn.bmm(z.view(z.size(0), 2, -1)).view_as(z), writer, errors));
    }

    private static MemoryWeights.Read deep(NeuralMemory.Tokens chunks, ChunkShares shares, MemoryWeights memory) {
        TensorVector queries = chunks.queries().unbind(1);
        TensorVector keys = chunks.keys().unbind(1);
        TensorVector values = chunks.values().unbind(1);
        List<ChunkShares> apart = shares.apart();
        List<Tensor> outputs = new ArrayList<>();
        MemoryWeights now = memory;
        for (int i = 0; i < apart.size(); i++) {
            MemoryWeights start = now.anchored();
            Tensor q = queries.get(i);
            Tensor k = keys.get(i);
            Tensor v = values.get(i);
            ChunkShares part = apart.get(i);
            MemoryWeights.Read read = MemoryWeights.Read.kept(() -> start.chunk(q, k, v, part));
            outputs.add(read.out());
            now = read.after();
        }
        return new MemoryWeights.Read(Ops.cat(1, outputs.toArray(Tensor[]::new)), now);
    }
}
