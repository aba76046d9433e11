package io.heed.train;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.StringTensorDictItem;
import org.bytedeco.pytorch.Tensor;

/**
 * A parameter or buffer of a module under its dotted name. The handle is held until {@link #release}, whatever
 * {@code PointerScope} it was made in.
 */
record NamedTensor(String name, Tensor tensor) {
    /**
     * All parameters, in the module's order; one registered under several names (tied weights) under the first alone.
     */
    static List<NamedTensor> parameters(Module model) {
        try (PointerScope scope = new PointerScope()) {
            return list(model.named_parameters());
        }
    }

    /** All buffers, in the module's order; each once. */
    static List<NamedTensor> buffers(Module model) {
        try (PointerScope scope = new PointerScope()) {
            return list(model.named_buffers());
        }
    }

    private static List<NamedTensor> list(StringTensorDict dictionary) {
        List<NamedTensor> tensors = new ArrayList<>();
        Set<Long> seen = new HashSet<>();
        for (long i = 0; i < dictionary.size(); i++) {
            StringTensorDictItem item = dictionary.get(i);
            Tensor tensor = new Tensor(item.value());
            if (tensor.defined() && seen.add(tensor.unsafeGetTensorImpl().address())) {
                tensor.retainReference();
                tensors.add(new NamedTensor(item.key().getString(), tensor));
            }
        }
        return tensors;
    }

    /** Gives the handle back; the module keeps its own. */
    void release() {
        tensor.releaseReference();
    }
}
