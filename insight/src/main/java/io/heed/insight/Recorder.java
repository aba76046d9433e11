package io.heed.insight;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.nn.AttentionCall;
import io.heed.nn.AttentionObserver;
import io.heed.tensor.Ops;

/** Copies what a {@link Selection} names. */
final class Recorder implements AttentionObserver {
    private final Selection selection;
    private final int layers;
    private final PointerScope scope = PointerScope.getInnerScope();
    private final Map<Integer, Tensor> weights = new LinkedHashMap<>();
    private final Map<Integer, Tensor> outputs = new LinkedHashMap<>();
    private final Map<Integer, Tensor> hidden = new LinkedHashMap<>();

    /** @param selection with every list filled in */
    Recorder(Selection selection, int layers) {
        this.selection = selection;
        this.layers = layers;
    }

    Capture capture(Tensor logits) {
        return new Capture(selection, logits, weights, outputs, hidden);
    }

    @Override
    public Tensor hidden(int layer, Tensor x) {
        if (layer == layers || selection.layers().contains(layer)) {
            hidden.put(layer, keep(x.index_select(1, indices(selection.positions(), x))));
        }
        return x;
    }

    @Override
    public Tensor heads(int layer, AttentionCall call, Tensor out) {
        if (selection.layers().contains(layer)) {
            Tensor heads = indices(selection.heads(), out);
            outputs.put(layer, keep(out.index_select(1, heads).index_select(2, indices(selection.positions(), out))));
            TensorVector rows = new TensorVector();
            for (int position : selection.positions()) {
                rows.push_back(call.weights(position, 1).index_select(1, heads)); // a row at a time: never N x N
            }
            weights.put(layer, keep(torch.cat(rows, 2)));
        }
        return out;
    }

    private static Tensor indices(List<Integer> chosen, Tensor like) {
        return Ops.of(chosen.stream().mapToLong(Integer::longValue).toArray()).to(like.device(), ScalarType.Long);
    }

    /** Lets a tensor outlive the layer that made it. */
    private Tensor keep(Tensor tensor) {
        if (scope == null) {
            return tensor.retainReference(); // the garbage collector frees it
        }
        scope.attach(tensor);
        return tensor;
    }
}
