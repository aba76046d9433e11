package io.heed.sequence.routing;

import java.util.List;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.sequence.JoinedState;
import io.heed.sequence.MixerState;
import io.heed.sequence.OnlineKMeans;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * Decoding that routes each token among those up to it, as the published one does, in a state of constant size: of a
 * local head the keys and values of a block and its flange, of a routed head the w members of each group so far. A
 * token that is nearer to a centroid than the farthest member takes its place, and attends to the groups that it
 * joined.
 *
 * @param like decides type and device of a state; outlives it
 */
record RoutingDecoder(RoutingConfig config, OnlineKMeans kMeans, LocalAttention local, Relative relative,
                      Tensor like) {
    private static final int KEYS = 0;
    private static final int VALUES = 1;
    private static final int SCORES = 2;
    private static final int POSITIONS = 3;

    MixerState state(long batch) {
        long width = config.headWidth();
        return new JoinedState(new TensorState(batch, () -> List.of(
                like.new_empty(batch, config.localHeads(), 0, width),
                like.new_empty(batch, config.localHeads(), 0, width))), new TensorState(batch, () -> List.of(
                like.new_empty(batch, config.clusterHeads(), config.clusters(), 0, width),
                like.new_empty(batch, config.clusterHeads(), config.clusters(), 0, width),
                like.new_empty(batch, config.clusterHeads(), config.clusters(), 0),
                like.new_empty(batch, config.clusterHeads(), config.clusters(), 0).to(torch.ScalarType.Long))));
    }

    /** The local heads of the next token, whose q, k, v are (B, Hl, 1, d); counts the token. */
    Tensor localStep(MixerState state, Tensor q, Tensor k, Tensor v) {
        TensorState held = part(state, 0);
        int position = Math.toIntExact(held.position());
        long gone = position == 0 ? 0 : local.firstKey(position) - local.firstKey(position - 1);
        for (int tensor : new int[] {KEYS, VALUES}) {
            Tensor next = Ops.cat(2, held.get(tensor), tensor == KEYS ? k : v);
            held.set(tensor, next.narrow(2, gone, next.size(2) - gone).contiguous());
        }
        held.advance(1);
        return q.matmul(held.get(KEYS).transpose(2, 3)).softmax(-1).matmul(held.get(VALUES));
    }

    /** The routed heads of the next token, whose item and value are (B, Hc, 1, d). */
    Tensor routedStep(MixerState state, Tensor item, Tensor value) {
        TensorState groups = part(state, 1);
        Tensor scores = OnlineKMeans.scores(item, kMeans.means()).transpose(2, 3); // (B, Hc, C, 1)
        Tensor joined = join(groups, scores, item, value);
        Tensor index = joined.flatten().nonzero().squeeze(1); // (J), of B Hc C groups
        Tensor head = index.floor_divide(new Scalar(config.clusters()));
        Tensor keys = groups.get(KEYS).flatten(0, 2).index_select(0, index); // (J, m, d)
        Tensor values = groups.get(VALUES).flatten(0, 2).index_select(0, index);
        if (relative != null) { // by rank: the token itself is the last
            Tensor order = groups.get(POSITIONS).flatten(0, 2).index_select(0, index).argsort(-1, false)
                    .unsqueeze(-1).expand(keys.sizes());
            keys = keys.gather(1, order).add(relative.keysOfLast(keys.size(1)));
            values = values.gather(1, order).add(relative.valuesOfLast(keys.size(1)));
        }
        Tensor query = item.flatten(0, 2).index_select(0, head).unsqueeze(1); // (J, 1, d)
        Tensor outputs = query.matmul(keys.transpose(1, 2)).softmax(-1).matmul(values).squeeze(1);
        Tensor sum = torch.zeros_like(item).flatten(0, 2).index_add(0, head, outputs).view(item.sizes());
        Tensor count = joined.to(Ops.type(item)).sum(2).unsqueeze(-1); // (B, Hc, 1, 1)
        return sum.div(Ops.shift(count, RoutedAttention.SHARE));
    }

    /** Puts the token into the groups that it joins: bool (B, Hc, C, 1). */
    private Tensor join(TensorState groups, Tensor scores, Tensor item, Tensor value) {
        Tensor[] next = {byGroup(item), byGroup(value), scores,
            torch.full_like(scores, new Scalar(groups.position())).to(torch.ScalarType.Long)};
        groups.advance(1);
        if (groups.get(SCORES).size(3) < config.window()) {
            for (int tensor = 0; tensor < next.length; tensor++) {
                groups.set(tensor, Ops.cat(3, groups.get(tensor), next[tensor]));
            }
            return torch.ones_like(scores).to(torch.ScalarType.Bool);
        }
        T_TensorTensor_T farthest = groups.get(SCORES).min(3, true);
        Tensor joined = scores.gt(farthest.get0());
        for (int tensor = 0; tensor < next.length; tensor++) {
            Tensor members = groups.get(tensor);
            boolean rows = members.dim() == 5;
            Tensor slot = rows ? farthest.get1().unsqueeze(-1).expand(next[tensor].sizes()) : farthest.get1();
            Tensor there = members.gather(3, slot);
            members.scatter_(3, slot, torch.where(rows ? joined.unsqueeze(-1) : joined, next[tensor], there));
        }
        return joined;
    }

    /** (B, Hc, 1, d) for every group, (B, Hc, C, 1, d). */
    private Tensor byGroup(Tensor x) {
        return x.unsqueeze(2).expand(x.size(0), x.size(1), config.clusters(), 1, x.size(3));
    }

    /**
     * Puts tokens into an empty state.
     *
     * @param items of routed heads, (B, Hc, N, d); null without such
     * @param k     of all heads, (B, H, N, d)
     * @param v     of all heads
     */
    void load(MixerState state, Tensor items, Tensor k, Tensor v) {
        long length = k.size(2);
        TensorState held = part(state, 0);
        long first = local.firstKey(Math.toIntExact(length - 1));
        held.set(KEYS, k.narrow(1, config.clusterHeads(), config.localHeads()).narrow(2, first, length - first)
                .clone());
        held.set(VALUES, v.narrow(1, config.clusterHeads(), config.localHeads()).narrow(2, first, length - first)
                .clone());
        held.advance(length);
        if (items != null) {
            TensorState groups = part(state, 1);
            T_TensorTensor_T nearest = OnlineKMeans.scores(items, kMeans.means()).transpose(2, 3)
                    .topk(Math.min(config.window(), length), -1, true, false);
            Tensor index = nearest.get1();
            groups.set(KEYS, RoutedAttention.rows(items, index.flatten(2, 3)).unflatten(2, config.clusters(), -1));
            groups.set(VALUES, RoutedAttention.rows(v.narrow(1, 0, config.clusterHeads()), index.flatten(2, 3))
                    .unflatten(2, config.clusters(), -1));
            groups.set(SCORES, nearest.get0());
            groups.set(POSITIONS, index);
            groups.advance(length);
        }
    }

    private static TensorState part(MixerState state, int index) {
        return (TensorState) ((JoinedState) state).part(index);
    }
}
