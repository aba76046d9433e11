package io.heed.sequence.combiner;

import java.util.Arrays;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.KeyLists;
import io.heed.nn.Form;
import io.heed.nn.GatheredAttention;
import io.heed.nn.Padding;
import io.heed.tensor.Ops;

/** The fixed and the log-sparse layout: summaries and tokens are keys side by side, of which each query has a list. */
final class ListedCombiner {
    private ListedCombiner() { }

    /** q scaled, k, v (B, H, N, d): (B, H, N, d). */
    static Tensor apply(CombinerConfig config, Grouping grouping, Tensor q, Tensor k, Tensor v, Padding padding,
            Form form) {
        return config.layout() == CombinerConfig.Layout.FIXED ? fixed(config, grouping, q, k, v, padding, form)
                : logSparse(config, grouping, q, k, v, padding, form);
    }

    private static Tensor fixed(CombinerConfig config, Grouping grouping, Tensor q, Tensor k, Tensor v,
            Padding padding, Form form) {
        int length = (int) q.size(2);
        int segment = config.segment();
        int segments = (length + segment - 1) / segment;
        Tensor hidden = hidden(q, padding, (long) segments * segment);
        boolean[] flags = hidden == null ? null : Ops.booleans(hidden);
        int firstToken = config.summaries() ? segments : 0; // among the keys
        Lists lists = new Lists(config.heads(), length, segment, flags == null ? 1 : (int) q.size(0));
        for (int sequence = 0; sequence < lists.patterns; sequence++) {
            int at = sequence * segments * segment;
            for (int s = 0; s < segments; s++) {
                int groups = !config.summaries() ? 0 : config.causal() ? s : segments;
                for (int r = 0; r < groups; r++) {
                    if (anySeen(flags, at + r * segment, at + (r + 1) * segment)) {
                        lists.add(r);
                    }
                }
                int end = Math.min(length, (s + 1) * segment);
                for (int t = s * segment; t < end; t++) {
                    if (flags == null || !flags[at + t]) {
                        lists.add(firstToken + t);
                    }
                    if (config.causal()) {
                        lists.seen(sequence, t);
                    }
                }
                for (int t = s * segment; t < end && !config.causal(); t++) {
                    lists.seen(sequence, t);
                }
                lists.end();
            }
        }
        if (!config.summaries()) {
            return GatheredAttention.apply(q, k, v, lists.build(), 1, form);
        }
        long missing = (long) segments * segment - length;
        Summaries summaries = Summaries.of(Grid.filled(q, missing), Grid.filled(k, missing), Grid.filled(v, missing),
                hidden, segment, grouping);
        return GatheredAttention.apply(q, Ops.cat(2, summaries.keys(), k), Ops.cat(2, summaries.values(), v),
                lists.build(), 1, form);
    }

    private static Tensor logSparse(CombinerConfig config, Grouping grouping, Tensor q, Tensor k, Tensor v,
            Padding padding, Form form) {
        int length = (int) q.size(2);
        int levels = config.levels().of(length);
        Tensor hidden = hidden(q, padding, length);
        boolean[] flags = hidden == null ? null : Ops.booleans(hidden);
        Tensor[] keys = new Tensor[config.summaries() ? Math.max(1, levels) : 1];
        Tensor[] values = new Tensor[keys.length];
        keys[0] = k; // a group of one token is the token
        values[0] = v;
        int[] starts = new int[keys.length];
        for (int level = 1; level < keys.length; level++) {
            starts[level] = starts[level - 1] + (length >> level - 1);
        }
        if (config.summaries()) {
            summarise(grouping, q, k, v, hidden, keys, values);
        }
        Lists lists = new Lists(config.heads(), length, 1, flags == null ? 1 : (int) q.size(0));
        for (int sequence = 0; sequence < lists.patterns; sequence++) {
            int at = sequence * length;
            for (int p = 0; p < length; p++) {
                for (int level = levels - 1; level >= 0; level--) {
                    int size = 1 << level;
                    int group = p / size - 1;
                    if (!config.summaries()) {
                        if (p >= size && (flags == null || !flags[at + p - size])) {
                            lists.add(p - size);
                        }
                    } else if (p / size % 2 == 1 && anySeen(flags, at + group * size, at + (group + 1) * size)) {
                        lists.add(starts[level] + group);
                    }
                }
                if (flags == null || !flags[at + p]) {
                    lists.add(p);
                }
                lists.seen(sequence, p);
                lists.end();
            }
        }
        return GatheredAttention.apply(q, Ops.cat(2, keys), Ops.cat(2, values), lists.build(), 1, form);
    }

    /** Puts the groups of 2^l tokens into place l of {@code keys} and {@code values}, from l = 1. */
    private static void summarise(Grouping grouping, Tensor q, Tensor k, Tensor v, Tensor hidden, Tensor[] keys,
            Tensor[] values) {
        Pooling pooling = grouping.pooling();
        Tensor query = hidden == null && keys.length > 1 ? grouping.queries(q) : null;
        Tensor key = query == null ? null : grouping.keys(k);
        for (int level = 1; level < keys.length; level++) {
            long size = 1L << level;
            long groups = q.size(2) / size;
            Summaries summaries;
            if (query == null) {
                summaries = Summaries.of(q, k, v, hidden, size, grouping);
            } else { // every level is pooled from the one below
                query = pooling.joined(Summaries.split(query, groups, 2));
                key = pooling.joined(Summaries.split(key, groups, 2));
                summaries = Summaries.of(pooling.ofWhole(query, size), pooling.ofWhole(key, size),
                        Summaries.split(k, groups, size), Summaries.split(v, groups, size), null);
            }
            keys[level] = summaries.keys();
            values[level] = summaries.values();
        }
    }

    /** True for padded tokens and for places beyond the sequence, (B, places); null where there are none. */
    private static Tensor hidden(Tensor q, Padding padding, long places) {
        long missing = places - q.size(2);
        if (padding == null && missing == 0) {
            return null;
        }
        TensorOptions bool = Ops.options(torch.ScalarType.Bool);
        Tensor mask = padding == null ? torch.zeros(new long[] {q.size(0), q.size(2)}, bool) : padding.mask();
        Tensor all = missing == 0 ? mask : Ops.cat(1, mask, torch.ones(new long[] {q.size(0), missing}, bool));
        return all.to(q.device(), torch.ScalarType.Bool);
    }

    private static boolean anySeen(boolean[] hidden, int from, int to) {
        if (hidden == null) {
            return true;
        }
        for (int i = from; i < to; i++) {
            if (!hidden[i]) {
                return true;
            }
        }
        return false;
    }

    /** Lists in the making: of one pattern, or of one for each sequence. */
    private static final class Lists {
        private final int heads;
        private final int length;
        private final int block;
        private final int patterns;
        private final int[] offsets;
        private final int[] seen;
        private int[] keys = new int[256];
        private int rows;
        private int count;

        Lists(int heads, int length, int block, int patterns) {
            this.heads = heads;
            this.length = length;
            this.block = block;
            this.patterns = patterns;
            offsets = new int[patterns * ((length + block - 1) / block) + 1];
            seen = new int[patterns * length];
        }

        void add(int key) {
            if (count == keys.length) {
                keys = Arrays.copyOf(keys, 2 * count);
            }
            keys[count++] = key;
        }

        /** Query {@code t} sees what the list has so far. */
        void seen(int sequence, int t) {
            seen[sequence * length + t] = count - offsets[rows];
        }

        void end() {
            offsets[++rows] = count;
        }

        /** The patterns of sequences repeated for their heads. */
        KeyLists build() {
            int[] all = Arrays.copyOf(keys, count);
            if (patterns == 1) { // of all sequences, or of the only one
                return new KeyLists(block, offsets, all, seen);
            }
            int blocks = (offsets.length - 1) / patterns;
            int[] manyOffsets = new int[patterns * heads * blocks + 1];
            int[] manyKeys = new int[count * heads];
            int[] manySeen = new int[patterns * heads * length];
            int at = 0;
            for (int sequence = 0; sequence < patterns; sequence++) {
                int from = offsets[sequence * blocks];
                int size = offsets[(sequence + 1) * blocks] - from;
                for (int head = 0; head < heads; head++) {
                    int pattern = sequence * heads + head;
                    System.arraycopy(all, from, manyKeys, at, size);
                    System.arraycopy(seen, sequence * length, manySeen, pattern * length, length);
                    for (int a = 1; a <= blocks; a++) {
                        manyOffsets[pattern * blocks + a] = at + offsets[sequence * blocks + a] - from;
                    }
                    at += size;
                }
            }
            return new KeyLists(block, manyOffsets, manyKeys, manySeen);
        }
    }
}
