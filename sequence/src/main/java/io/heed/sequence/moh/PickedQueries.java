package io.heed.sequence.moh;

import java.util.Arrays;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.nn.FusedAttention;
import io.heed.tensor.Ops;

/**
 * The tokens that chose each routed head, as lists of one length: filled up in front by places that see nothing.
 *
 * @param tokens    (B, R, M) int64, indices of tokens, ascending; 0 in filled places
 * @param positions (B R M), the same, -1 in filled places
 */
record PickedQueries(Tensor tokens, int[] positions) {
    /** Reads a mask (B, N, R): true where a token chose a head. */
    static PickedQueries of(Tensor mask) {
        int batch = Math.toIntExact(mask.size(0));
        int length = Math.toIntExact(mask.size(1));
        int heads = Math.toIntExact(mask.size(2));
        boolean[] chosen = Ops.booleans(mask);
        int[] counts = new int[batch * heads];
        for (int at = 0; at < chosen.length; at++) {
            counts[at / (length * heads) * heads + at % heads] += chosen[at] ? 1 : 0;
        }
        int most = Math.max(1, Arrays.stream(counts).max().orElse(0));
        int[] positions = new int[batch * heads * most];
        long[] tokens = new long[positions.length];
        for (int list = 0; list < counts.length; list++) {
            int at = list * most;
            int first = at + most - counts[list];
            Arrays.fill(positions, at, first, -1);
            for (int n = 0, place = first; n < length; n++) {
                if (chosen[(list / heads * length + n) * heads + list % heads]) {
                    positions[place] = n;
                    tokens[place++] = n;
                }
            }
        }
        return new PickedQueries(Ops.of(tokens, batch, heads, most), positions);
    }

    /**
     * Attention of the picked queries only, put back in their places, 0 elsewhere.
     *
     * @param q      (B, R, N, d)
     * @param k      (B, R, N, d)
     * @param v      (B, R, N, d)
     * @param causal whether a query sees no later key
     * @param spec   scale and the like; its mask is replaced
     * @return (B, R, N, d)
     */
    Tensor attend(Tensor q, Tensor k, Tensor v, boolean causal, AttentionSpec spec) {
        int last = Math.toIntExact(k.size(2)) - 1;
        int[] places = causal ? positions : Arrays.stream(positions).map(p -> p < 0 ? -1 : last).toArray();
        Tensor picked = pick(q).flatten(0, 1).unsqueeze(1);                          // (B R, 1, M, d)
        Tensor out = FusedAttention.apply(picked, k.flatten(0, 1).unsqueeze(1), v.flatten(0, 1).unsqueeze(1),
                spec.withMask(new Mask.Placed(places)));
        return scattered(out.squeeze(1).unflatten(0, q.size(0), q.size(1)), q.size(2));
    }

    /** The picked ones of rows (B, R, N, d): (B, R, M, d), any row in filled places. */
    Tensor pick(Tensor rows) {
        return rows.gather(2, index(rows.size(3)));
    }

    /** The picked ones of rows (R, N, d) that all sequences share: (B, R, M, d), any row in filled places. */
    Tensor pickShared(Tensor rows) {
        Tensor firsts = torch.arange(new Scalar(rows.size(0)), tokens.options()).mul(new Scalar(rows.size(1)));
        return rows.flatten(0, 1).index_select(0, tokens.add(firsts.view(1, -1, 1)).flatten())
                .view(tokens.size(0), tokens.size(1), tokens.size(2), rows.size(2));
    }

    /** Picked rows (B, R, M, d) in their places among {@code length}, 0 elsewhere: (B, R, N, d). */
    Tensor place(Tensor picked, long length) {
        boolean[] filled = new boolean[positions.length];
        for (int i = 0; i < filled.length; i++) {
            filled[i] = positions[i] < 0;
        }
        return scattered(Ops.fill(picked, Ops.of(filled, tokens.size(0), tokens.size(1), tokens.size(2), 1), 0),
                length);
    }

    private Tensor scattered(Tensor picked, long length) {
        return picked.new_zeros(picked.size(0), picked.size(1), length, picked.size(3))
                .scatter_add(2, index(picked.size(3)), picked);
    }

    private Tensor index(long width) {
        return tokens.unsqueeze(-1).expand(tokens.size(0), tokens.size(1), tokens.size(2), width);
    }
}
