package io.heed.sequence.moh;

import java.util.Arrays;

import org.bytedeco.pytorch.Tensor;

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
        Tensor index = tokens.unsqueeze(-1).expand(tokens.size(0), tokens.size(1), tokens.size(2), q.size(3));
        Tensor picked = q.gather(2, index).flatten(0, 1).unsqueeze(1);               // (B R, 1, M, d)
        Tensor out = FusedAttention.apply(picked, k.flatten(0, 1).unsqueeze(1), v.flatten(0, 1).unsqueeze(1),
                spec.withMask(new Mask.Placed(places)));
        Tensor back = out.squeeze(1).unflatten(0, q.size(0), q.size(1));             // (B, R, M, d)
        return q.new_zeros(v.shape()).scatter_add(2, index, back);
    }
}
