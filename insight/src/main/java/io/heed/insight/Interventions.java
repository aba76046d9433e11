package io.heed.insight;

import java.util.List;

import org.bytedeco.pytorch.Tensor;

import io.heed.nn.AttentionCall;
import io.heed.nn.AttentionObserver;

/**
 * Carries out {@link Intervention}s while a model computes, in their order; {@link #met} tells which layers had heads.
 */
final class Interventions implements AttentionObserver {
    private final List<Intervention> list;
    private int met;

    Interventions(List<Intervention> list) {
        this.list = list;
    }

    /** Changes made to heads. */
    int met() {
        return met;
    }

    @Override
    public Tensor hidden(int layer, Tensor hidden) {
        Tensor x = hidden;
        for (Intervention one : list) {
            if (one instanceof Intervention.PatchHidden patch && patch.layer() == layer) {
                x = patch.apply(x);
            }
        }
        return x;
    }

    @Override
    public Tensor heads(int layer, AttentionCall call, Tensor outputs) {
        Tensor x = outputs;
        for (Intervention one : list) {
            if (one instanceof Intervention.OfHead change && change.layer() == layer) {
                x = x == outputs ? outputs.clone() : x;
                Tensor slot = x.select(1, change.head()); // (B, N, e), a view of the copy
                slot.copy_(change.apply(slot));
                met++;
            }
        }
        return x;
    }
}
