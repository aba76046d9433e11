package io.heed.sequence.zoology;

import java.util.Optional;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.nn.ComposedAttention;
import io.heed.nn.FusedAttention;
import io.heed.nn.Heads;
import io.heed.nn.Padding;
import io.heed.sequence.KeyValueCache;
import io.heed.sequence.MixerContext;
import io.heed.tensor.Ops;

/**
 * Causal softmax attention of a packed projection that need not be computed at every position: keys and values of all
 * tokens, queries of some.
 *
 * @param heads  H
 * @param packed x to queries, keys and values, (3 D, D)
 * @param out    heads to outputs, (D, D)
 */
record LookupAttention(int heads, LinearImpl packed, LinearImpl out) {
    /**
     * Some positions of each sequence, as many rows for all: a shorter choice repeats position 0 with weight 0.
     *
     * @param index (B, n, 1)
     * @param used  (B, n, 1), 1 or 0
     */
    record Choice(Tensor index, Tensor used) {
        /** Null where nothing is chosen. */
        static Choice of(int[][] positions, Tensor like) {
            int rows = 0;
            for (int[] of : positions) {
                rows = Math.max(rows, of.length);
            }
            if (rows == 0) {
                return null;
            }
            long[] index = new long[positions.length * rows];
            float[] used = new float[index.length];
            for (int b = 0; b < positions.length; b++) {
                for (int i = 0; i < positions[b].length; i++) {
                    index[b * rows + i] = positions[b][i];
                    used[b * rows + i] = 1;
                }
            }
            return new Choice(Ops.of(index, positions.length, rows, 1).to(like.device(), torch.ScalarType.Long),
                    Ops.of(used, positions.length, rows, 1).to(like.device(), Ops.type(like)));
        }
    }

    /** At all positions: (B, N, D). */
    Tensor everywhere(Tensor x, MixerContext context) {
        Tensor[] qkv = Heads.unpack(packed.forward(x), heads, heads);
        AttentionSpec causal = AttentionSpec.softmax().withMask(Mask.causal());
        AttentionSpec spec = context.padding().map(Padding::keys).map(causal::withPadding).orElse(causal);
        Tensor attended = context.form().isFused(x) ? FusedAttention.apply(qkv[0], qkv[1], qkv[2], spec)
                : ComposedAttention.apply(qkv[0], qkv[1], qkv[2], spec);
        return out.forward(Heads.merge(attended));
    }

    /** x, and at the chosen positions attention times {@code weights} (B, N, 1) added: 4 n N d operations. */
    Tensor added(Tensor x, Tensor weights, int[][] positions, Optional<Padding> padding) {
        Choice choice = Choice.of(positions, x);
        if (choice == null) {
            return x.clone();
        }
        Tensor index = choice.index;
        Tensor channels = index.expand(x.size(0), index.size(1), x.size(2));
        Tensor q = queries(x.gather(1, channels, false));
        Tensor[] kv = keysAndValues(x);
        Tensor later = torch.arange(new Scalar(x.size(1)), index.options()).gt(index).unsqueeze(1); // (B, 1, n, N)
        Tensor hidden = padding.map(p -> later.logical_or(p.mask().unsqueeze(1).unsqueeze(1))).orElse(later);
        Tensor logits = Ops.scale(q.matmul(kv[0].transpose(2, 3)), 1 / Math.sqrt(q.size(3)));
        Tensor attended = Ops.maskedSoftmax(Ops.fill(logits, hidden, Double.NEGATIVE_INFINITY), -1).matmul(kv[1]);
        Tensor share = weights.gather(1, index, false).mul(choice.used);
        return x.scatter_add(1, channels, out.forward(Heads.merge(attended)).mul(share));
    }

    /** The same by definition: attention everywhere, kept at the chosen positions. */
    Tensor masked(Tensor x, Tensor weights, int[][] positions, MixerContext context) {
        int length = (int) x.size(1);
        boolean[] kept = new boolean[positions.length * length];
        for (int b = 0; b < positions.length; b++) {
            for (int position : positions[b]) {
                kept[b * length + position] = true;
            }
        }
        Tensor mask = Ops.of(kept, x.size(0), length, 1).to(x.device(), torch.ScalarType.Bool);
        return everywhere(x, context).mul(weights).mul(mask).add(x);
    }

    /** Of one more token (B, D), whose key and value are in the cache: (B, D). */
    Tensor next(Tensor x, KeyValueCache cache) {
        Tensor attended = ComposedAttention.apply(queries(x.unsqueeze(1)), cache.keys(), cache.values(),
                AttentionSpec.softmax());
        return out.forward(Heads.merge(attended)).squeeze(1);
    }

    /** (B, N, D) to two of (B, H, N, d). */
    Tensor[] keysAndValues(Tensor x) {
        Tensor both = torch.linear(x, weights(1, 2), biases(1, 2));
        long width = x.size(-1);
        return new Tensor[] {Heads.split(both.narrow(-1, 0, width), heads),
            Heads.split(both.narrow(-1, width, width), heads)};
    }

    private Tensor queries(Tensor x) {
        return Heads.split(torch.linear(x, weights(0, 1), biases(0, 1)), heads);
    }

    private Tensor weights(long part, long count) {
        long width = packed.weight().size(1);
        return packed.weight().narrow(0, part * width, count * width);
    }

    private TensorOptional biases(long part, long count) {
        long width = packed.weight().size(1);
        return new TensorOptional(packed.bias().narrow(0, part * width, count * width));
    }
}
