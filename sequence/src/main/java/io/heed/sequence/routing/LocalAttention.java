package io.heed.sequence.routing;

import java.util.Arrays;

import org.bytedeco.pytorch.Tensor;

import io.heed.kernels.KeyLists;
import io.heed.nn.Form;
import io.heed.nn.GatheredAttention;
import io.heed.nn.Padding;
import io.heed.tensor.Ops;

/**
 * Blocked local attention: a block of queries attends to its own keys and to a flange of keys before it, and, not
 * causal, after it.
 *
 * @param block  queries in a block
 * @param flange keys before a block, and after it
 * @param causal whether a query sees nothing after itself
 */
record LocalAttention(int block, int flange, boolean causal) {
    /** @throws IllegalArgumentException when the sizes are not positive */
    LocalAttention {
        if (block < 1 || flange < 0) {
            throw new IllegalArgumentException("local attention: block " + block + " must be at least 1, flange "
                    + flange
                    + " at least 0");
        }
    }

    /** q already scaled, k, v (B, H, N, d). */
    Tensor apply(Tensor q, Tensor k, Tensor v, Padding padding, Form form) {
        return GatheredAttention.apply(q, k, v, lists((int) q.size(2), (int) q.size(0), (int) q.size(1), padding), 1,
                form);
    }

    /** First key of the block that position {@code query} is in. */
    int firstKey(int query) {
        return Math.max(0, query / block * block - flange);
    }

    private KeyLists lists(int length, int batch, int heads, Padding padding) {
        if (padding == null) {
            return lists(length, 1, null, 1);
        }
        // a pattern for each head of each sequence
        return lists(length, batch * heads, Ops.booleans(padding.mask()), heads);
    }

    private KeyLists lists(int length, int patterns, boolean[] padded, int heads) {
        int blocks = (length + block - 1) / block;
        int[] offsets = new int[patterns * blocks + 1];
        int[] keys = new int[patterns * blocks * (block + (causal ? 1 : 2) * flange)];
        int[] seen = new int[patterns * length];
        int count = 0;
        for (int row = 0; row < patterns * blocks; row++) {
            int first = row % blocks * block;
            int stop = Math.min(length, first + block);
            int end = causal ? stop : Math.min(length, first + block + flange);
            int sequence = row / blocks / heads * length;
            int from = count;
            for (int key = firstKey(first); key < end; key++) {
                if (padded == null || !padded[sequence + key]) {
                    keys[count++] = key;
                }
                if (causal && key >= first) {
                    seen[row / blocks * length + key] = count - from;
                }
            }
            if (!causal) {
                Arrays.fill(seen, row / blocks * length + first, row / blocks * length + stop, count - from);
            }
            offsets[row + 1] = count;
        }
        return new KeyLists(block, offsets, Arrays.copyOf(keys, count), seen);
    }
}
