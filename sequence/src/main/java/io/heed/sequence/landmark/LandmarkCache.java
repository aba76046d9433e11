package io.heed.sequence.landmark;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.nn.Rotary;
import io.heed.tensor.Ops;

/**
 * What one layer keeps of a text that is read chunk by chunk: far, the keys and values of complete blocks in a ring;
 * near, those blocks' landmarks and the incomplete last block. All before rotary positions.
 */
public final class LandmarkCache implements AutoCloseable {
    /** Who takes a block together. */
    public enum Selection {
        /** Every token and head its own blocks. */
        PER_TOKEN_AND_HEAD,
        /** All heads the same, by the largest weight of any. */
        MAX_OVER_HEADS,
        /** All tokens of a chunk the same, by the largest weight of any. */
        MAX_OVER_TOKENS,
        /** The newest blocks, whatever the landmarks say: the cache of a Transformer-XL, to compare with. */
        NEWEST
    }

    /** Where blocks are taken to stand. */
    public enum Positions {
        /** In the k + 1 places before the chunk: the paper's, for texts of any length. */
        STINGY,
        /** Where they stood in the text. */
        TRUE
    }

    /**
     * How blocks are kept and taken.
     *
     * @param block     tokens of a block, landmark included
     * @param capacity  blocks in the ring
     * @param taken     k, blocks that a query takes; all that there are if fewer
     */
    public record Config(int block, int capacity, int taken, Selection selection, Positions positions) {
        /** @throws IllegalArgumentException when fewer blocks are kept than taken */
        public Config {
            if (block < 2 || taken < 1 || capacity < taken) {
                throw new IllegalArgumentException("a cache of " + capacity + " blocks of " + block
                        + " tokens cannot give "
                        + taken + ": it needs blocks of at least 2 and room for as many as are taken");
            }
        }
    }

    private final Config config;
    private Tensor landmarkKeys; // near: (B, H, n, d), oldest first
    private Tensor blockKeys; // far: (B, H, n, f + 1, d)
    private Tensor blockValues; // far: (B, H, n, f + 1, e)
    private Tensor tailKeys; // near: (B, H, t, d)
    private Tensor tailValues; // near: (B, H, t, e)
    private long seen;

    public LandmarkCache(Config config) {
        this.config = config;
    }

    /** Tokens seen, landmarks included. */
    public long seen() {
        return seen;
    }

    /** Complete blocks that are kept. */
    public long blocks() {
        return landmarkKeys == null ? 0 : landmarkKeys.size(2);
    }

    /** Bytes of what every query reads: landmarks and the incomplete block. */
    public long nearBytes() {
        return landmarkKeys == null ? 0 : 4 * (landmarkKeys.numel() + tailKeys.numel() + tailValues.numel());
    }

    /** Bytes of what only chosen blocks are read of. */
    public long farBytes() {
        return blockKeys == null ? 0 : 4 * (blockKeys.numel() + blockValues.numel());
    }

    /**
     * Attends to chosen blocks, the incomplete block and the chunk, and takes the chunk in.
     *
     * @param q         of the chunk, before positions, (B, H, n, d)
     * @param k         (B, H, n, d)
     * @param v         (B, H, n, e)
     * @param landmarks of the chunk, (1, n) or (B, n)
     * @return (B, H, n, e)
     */
    Tensor attend(Tensor q, Tensor k, Tensor v, Landmarks landmarks, Rotary rotary) {
        if (landmarkKeys == null) {
            open(k, v);
        }
        long tail = tailKeys.size(2);
        long n = q.size(2);
        long taken = Math.min(config.taken(), blocks());
        boolean stingy = config.positions() == Positions.STINGY;
        long start = stingy ? Math.min(seen / config.block(), config.taken() + 1L) * config.block() + tail : seen;
        Tensor queries = rotary.apply(q, start);
        Tensor keys = rotary.apply(Ops.cat(2, tailKeys, k), start - tail);
        Tensor values = Ops.cat(2, tailValues, v);
        Tensor logits = queries.matmul(keys.transpose(-2, -1));
        Tensor mask = Ops.cat(1, torch.zeros(new long[] {landmarks.mask().size(0), tail}, landmarks.mask().options()),
                landmarks.mask());
        Tensor out;
        if (taken == 0) {
            out = weights(logits, mask, q).matmul(values);
        } else {
            Chosen chosen = choose(queries, taken, rotary);
            Tensor far = chosen.keys.matmul(queries.unsqueeze(-1)).squeeze(-1); // (B, H, n, k (f + 1))
            Tensor ends = Landmarks.every(config.block(), far.size(3)).mask().expand(mask.size(0), far.size(3));
            Tensor weights = weights(Ops.cat(3, far, logits), Ops.cat(1, ends, mask), q);
            long rows = far.size(3);
            out = weights.narrow(3, 0, rows).unsqueeze(3).matmul(chosen.values).squeeze(3)
                    .add(weights.narrow(3, rows, weights.size(3) - rows).matmul(values));
        }
        append(Ops.cat(2, tailKeys, k), values, n);
        return out;
    }

    private static Tensor weights(Tensor logits, Tensor landmarks, Tensor q) {
        return GroupedSoftmax.weights(Ops.scale(logits, 1 / Math.sqrt(q.size(-1))), landmarks, null, 0);
    }

    /** Keys, turned, and values of each query's blocks, (B, H, n, k (f + 1), d) and (..., e). */
    private record Chosen(Tensor keys, Tensor values) { }

    private Chosen choose(Tensor queries, long taken, Rotary rotary) {
        long n = blocks();
        int block = config.block();
        Tensor number = torch.arange(new Scalar(n), Ops.options(ScalarType.Long)).to(queries.device(), ScalarType.Long);
        // slots: 1 to k for the newest k blocks, 0 for all before
        Tensor slot = number.sub(new Scalar(n - taken - 1)).clamp_min(new Scalar(0));
        boolean stingy = config.positions() == Positions.STINGY;
        long dropped = seen / block - n;
        Tensor place = stingy ? slot : number.add(new Scalar(dropped));
        Tensor index = select(queries, rotary.applyAt(landmarkKeys, place.mul(new Scalar(block))
                .add(new Scalar(block - 1))), taken,
                number); // (B, H, n, k), ascending
        Tensor rank = torch.arange(new Scalar(taken), index.options());
        Tensor first = stingy ? rank.add(slot.gt(new Scalar(0)).index_select(0, index.flatten()).view(index.shape()))
                : index.add(new Scalar(dropped));
        Tensor within = torch.arange(new Scalar(block), index.options());
        Tensor positions = first.mul(new Scalar(block)).unsqueeze(-1).add(within); // (B, H, n, k, f + 1)
        Tensor keys = rotary.applyAt(gather(blockKeys, index), positions);
        return new Chosen(keys.flatten(3, 4), gather(blockValues, index).flatten(3, 4));
    }

    private Tensor select(Tensor queries, Tensor turned, long taken, Tensor number) {
        Tensor weights = Ops.scale(queries.matmul(turned.transpose(-2, -1)), 1 / Math.sqrt(queries.size(-1)))
                .softmax(-1);
        long[] shape = {weights.size(0), weights.size(1), weights.size(2), taken};
        Tensor pooled = switch (config.selection()) {
            case PER_TOKEN_AND_HEAD -> weights;
            case MAX_OVER_HEADS -> weights.amax(new long[] {1}, true);
            case MAX_OVER_TOKENS -> weights.amax(new long[] {2}, true);
            case NEWEST -> null;
        };
        if (pooled == null) {
            return number.narrow(0, number.size(0) - taken, taken).expand(shape);
        }
        T_TensorTensor_T largest = pooled.topk(taken, -1, true, true);
        return largest.get1().sort(-1, false).get0().expand(shape).contiguous();
    }

    /** Blocks (B, H, n, f + 1, d) by number (B, H, m, k): (B, H, m, k, f + 1, d). */
    private static Tensor gather(Tensor blocks, Tensor index) {
        long[] wanted = {index.size(0), index.size(1), index.size(2) * index.size(3), blocks.size(3), blocks.size(4)};
        Tensor flat = index.reshape(wanted[0], wanted[1], wanted[2], 1, 1).expand(wanted);
        return blocks.gather(2, flat).unflatten(2, index.size(2), index.size(3));
    }

    private void open(Tensor k, Tensor v) {
        landmarkKeys = keep(k.narrow(2, 0, 0));
        tailKeys = keep(k.narrow(2, 0, 0));
        tailValues = keep(v.narrow(2, 0, 0));
        blockKeys = keep(k.narrow(2, 0, 0).unsqueeze(3).expand(k.size(0), k.size(1), 0, config.block(), k.size(3)));
        blockValues = keep(v.narrow(2, 0, 0).unsqueeze(3).expand(v.size(0), v.size(1), 0, config.block(), v.size(3)));
    }

    /** Whole blocks go into the ring, the oldest fall out of it, the rest is the incomplete block. */
    private void append(Tensor k, Tensor v, long tokens) {
        try (PointerScope _ = new PointerScope()) {
            long whole = k.size(2) / config.block();
            long rows = whole * config.block();
            if (whole > 0) {
                Tensor keys = Ops.cat(2, blockKeys, k.narrow(2, 0, rows).unflatten(2, whole, config.block()));
                Tensor values = Ops.cat(2, blockValues, v.narrow(2, 0, rows).unflatten(2, whole, config.block()));
                long kept = Math.min(config.capacity(), keys.size(2));
                keys = keys.narrow(2, keys.size(2) - kept, kept);
                blockKeys = replace(blockKeys, keys);
                blockValues = replace(blockValues, values.narrow(2, values.size(2) - kept, kept));
                landmarkKeys = replace(landmarkKeys, keys.select(3, config.block() - 1));
            }
            tailKeys = replace(tailKeys, k.narrow(2, rows, k.size(2) - rows));
            tailValues = replace(tailValues, v.narrow(2, rows, v.size(2) - rows));
        }
        seen += tokens;
    }

    private static Tensor keep(Tensor value) {
        return value.clone().retainReference();
    }

    private static Tensor replace(Tensor old, Tensor value) {
        Tensor kept = keep(value);
        old.releaseReference();
        return kept;
    }

    /** Frees the native memory. Closing twice does nothing. */
    @Override
    public void close() {
        if (landmarkKeys != null) {
            for (Tensor tensor : new Tensor[] {landmarkKeys, blockKeys, blockValues, tailKeys, tailValues}) {
                tensor.releaseReference();
            }
            landmarkKeys = null;
            blockKeys = null;
        }
    }
}
