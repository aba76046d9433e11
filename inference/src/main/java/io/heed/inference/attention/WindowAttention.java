package io.heed.inference.attention;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import io.heed.kernels.Attention;
import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Decode;
import io.heed.kernels.DecodeSpec;
import io.heed.kernels.Mask;
import io.heed.kernels.Rows;

/**
 * Exact attention over the first {@code sinks} and the last {@code window} positions (StreamingLLM, arXiv 2309.17453,
 * with positions as they were); over all positions when the window is 0. A query whose window reaches the sinks sees
 * everything.
 */
final class WindowAttention {
    private WindowAttention() { }

    static void prefill(PromptAttention call, int[] heads, int sinks, int window) {
        if (heads.length == call.shape().heads()) {
            prefill(call, 0, heads.length, 0, call.shape().keyValueHeads(), sinks, window);
            return;
        }
        for (int head : heads) {
            prefill(call, head, 1, call.shape().cached(head), 1, sinks, window);
        }
    }

    private static void prefill(PromptAttention call, int head, int heads, int cached, int cachedHeads, int sinks,
            int window) {
        // queries before this one see everything
        int whole = window == 0 ? call.count() : Math.clamp((long) window + sinks - call.first(), 0, call.count());
        AttentionSpec spec = AttentionSpec.softmax().withScale(call.shape().scale());
        if (whole > 0) {
            int keys = call.first() + whole;
            Attention.forward(call.q(head, heads, 0, whole), call.keys(cached, cachedHeads, 0, keys),
                    call.values(cached, cachedHeads, 0, keys), call.out(head, heads, 0, whole),
                    spec.withMask(Mask.causal(whole, keys)));
        }
        if (whole < call.count()) {
            int rows = call.count() - whole;
            int from = (call.first() + whole - window + 1) / AttentionPlan.ALIGNMENT * AttentionPlan.ALIGNMENT;
            Rows q = call.q(head, heads, whole, call.count());
            Rows out = call.out(head, heads, whole, call.count());
            MemorySegment lse = floats((long) heads * rows);
            Attention.forward(q, call.keys(cached, cachedHeads, from, call.length()),
                    call.values(cached, cachedHeads, from, call.length()), out, lse,
                    spec.withMask(Mask.slidingWindow(window - 1, 0, rows, call.length() - from)));
            if (sinks > 0) {
                addSinks(call, spec, q, out, lse, cached, cachedHeads, sinks);
            }
        }
    }

    private static void addSinks(PromptAttention call, AttentionSpec spec, Rows q, Rows out, MemorySegment lse,
            int cached,
            int cachedHeads, int sinks) {
        MemorySegment sinkLse = floats((long) q.heads() * q.rows());
        Rows sinkOut = Rows.contiguous(floats((long) q.heads() * q.rows() * q.width()), 1, q.heads(), q.rows(),
                q.width());
        Attention.forward(q, call.keys(cached, cachedHeads, 0, sinks), call.values(cached, cachedHeads, 0, sinks),
                sinkOut,
                sinkLse, spec);
        Decode.merge(out, lse, sinkOut, sinkLse, out, null);
    }

    private static MemorySegment floats(long count) {
        return Arena.ofAuto().allocate(count * Float.BYTES, 64);
    }

    static void decode(TokenAttention call, int[] heads, int sinks, int window) {
        DecodeSpec spec = DecodeSpec.softmax().withScale(call.shape().scale()).withLengths(call.lengths());
        if (heads.length == call.shape().heads()) {
            Decode.attend(call.q(0, heads.length), call.keys(), call.values(), call.out(0, heads.length), spec, sinks,
                    window);
            return;
        }
        for (int head : heads) {
            int cached = call.shape().cached(head);
            Decode.attend(call.q(head, 1), call.keys().head(cached), call.values().head(cached), call.out(head, 1),
                    spec, sinks,
                    window);
        }
    }
}
