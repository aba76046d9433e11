package io.heed.sequence.combiner;

import java.util.Collections;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.sequence.JoinedState;
import io.heed.sequence.KeyValueCache;
import io.heed.sequence.MixerState;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * The log-sparse layout. Before token p there is one group of 2^l tokens for each bit l that is set in p, the largest
 * first: as in a binary counter, a token joins the groups of the lowest bits into the next larger one. That takes the
 * keys and values of all its tokens, which are kept, but only the groups' pooled queries. A token costs O(log N) in the
 * mean.
 *
 * <p>Every token is treated as one of a longer sequence: the level that the published number of levels lacks for the
 * last of 2^m + 1 tokens is there.
 */
record LogSparseDecoder(CombinerConfig config, Grouping grouping, Tensor like) implements Decoder {
    private static final int POOLED = 0;
    private static final int KEYS = 1;
    private static final int VALUES = 2;

    @Override
    public MixerState state(long batch) {
        return new JoinedState(new TensorState(batch, () -> Collections.nCopies(3,
                like.new_empty(batch, config.heads(), 0, config.headWidth()))),
                new KeyValueCache(batch));
    }

    @Override
    public Tensor step(MixerState state, Tokens next) {
        TensorState groups = groups(state);
        KeyValueCache tokens = tokens(state);
        Tensor out;
        if (config.summaries()) {
            out = Decoder.attend(next.q(), Ops.cat(2, groups.get(KEYS), next.k()),
                    Ops.cat(2, groups.get(VALUES), next.v()));
            tokens.append(next.k(), next.v());
            join(groups, tokens, next);
        } else {
            tokens.append(next.k(), next.v());
            Tensor seen = powersBefore(groups.position()).to(like.device(), torch.ScalarType.Long);
            out = Decoder.attend(next.q(), tokens.keys().index_select(2, seen),
                    tokens.values().index_select(2, seen));
        }
        groups.advance(1);
        return out;
    }

    @Override
    public void load(MixerState state, Tokens given) {
        TensorState groups = groups(state);
        tokens(state).append(given.k(), given.v());
        long from = 0;
        for (long left = given.count(); left > 0 && config.summaries(); left -= Long.highestOneBit(left)) {
            long size = Long.highestOneBit(left);
            Tensor pooled = grouping.pooling().joined(grouping.queries(given.q().narrow(2, from, size)))
                    .unsqueeze(2);
            Decoder.append(groups, POOLED, 2, pooled);
            add(groups, pooled, given.k().narrow(2, from, size), given.v().narrow(2, from, size));
            from += size;
        }
        groups.advance(given.count());
    }

    /** The token and the groups of the lowest bits become one group. */
    private void join(TensorState groups, KeyValueCache tokens, Tokens next) {
        int level = Long.numberOfTrailingZeros(groups.position() + 1);
        long size = 1L << level;
        long kept = groups.get(POOLED).size(2) - level;
        Tensor pooled = grouping.pooling().joined(Ops.cat(2, groups.get(POOLED).narrow(2, kept, level),
                grouping.queries(next.q()))).unsqueeze(2);
        groups.set(POOLED, Ops.cat(2, groups.get(POOLED).narrow(2, 0, kept), pooled));
        groups.set(KEYS, groups.get(KEYS).narrow(2, 0, kept).clone());
        groups.set(VALUES, groups.get(VALUES).narrow(2, 0, kept).clone());
        long from = groups.position() + 1 - size;
        add(groups, pooled, tokens.keys().narrow(2, from, size), tokens.values().narrow(2, from, size));
    }

    private void add(TensorState groups, Tensor pooled, Tensor k, Tensor v) {
        long size = k.size(2);
        Summaries group = size == 1 ? new Summaries(k, v) // a group of one token is the token
                : Summaries.of(grouping.pooling().ofWhole(pooled, size),
                        grouping.pooling().apply(grouping.keys(k), null).unsqueeze(2), k.unsqueeze(2), v.unsqueeze(2),
                        null);
        Decoder.append(groups, KEYS, 2, group.keys());
        Decoder.append(groups, VALUES, 2, group.values());
    }

    /** p, p - 1, p - 2, p - 4, .., none below 0. */
    private static Tensor powersBefore(long p) {
        long[] seen = new long[1 + Long.SIZE - Long.numberOfLeadingZeros(p)];
        seen[0] = p;
        for (int level = 0; level + 1 < seen.length; level++) {
            seen[level + 1] = p - (1L << level);
        }
        return Ops.of(seen, seen.length);
    }

    private static TensorState groups(MixerState state) {
        return (TensorState) ((JoinedState) state).part(0);
    }

    private static KeyValueCache tokens(MixerState state) {
        return (KeyValueCache) ((JoinedState) state).part(1);
    }
}
