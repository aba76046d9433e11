package io.heed.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.StringTensorDictItem;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorImpl;

/** A module's parameters and buffers as named tensors, and back. */
public final class Weights {
    private static final int LISTED = 8;
    /** BatchNorm's step counter, which nothing reads while momentum is fixed and which many files leave out. */
    private static final String COUNTER = "num_batches_tracked";

    private Weights() { }

    /**
     * The module's own tensors, not copies: parameters, then buffers, under their full names. A tensor that is
     * registered under several names is listed under each.
     */
    public static Map<String, Tensor> of(Module module) {
        Map<String, Tensor> all = parameters(module);
        try (StringTensorDict buffers = module.named_buffers()) {
            addAll(all, buffers);
        }
        return all;
    }

    /** The module's own parameters, not copies, under their full names. */
    public static Map<String, Tensor> parameters(Module module) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        try (StringTensorDict parameters = module.named_parameters()) {
            addAll(all, parameters);
        }
        return all;
    }

    /**
     * Copies named tensors into the module's parameters and buffers. Names and shapes must fit exactly; a tensor that
     * the module registers under several names needs only one of them. Types may differ in width (F16 to F32). Nothing
     * is copied unless everything fits.
     *
     * @throws IllegalArgumentException with one line that lists every missing, unused and misshapen tensor
     */
    public static void load(Module module, Map<String, Tensor> source) {
        Map<String, Tensor> own = of(module);
        try {
            List<String> problems = new ArrayList<>();
            note(problems, "missing", missing(own, source));
            note(problems, "unused", source.keySet().stream().filter(name -> !own.containsKey(name))
                    .map(name -> name + " " + Ops.shape(source.get(name))).toList());
            note(problems, "do not fit", misfits(own, source));
            if (!problems.isEmpty()) {
                throw new IllegalArgumentException("the weights do not fit the module: " + String.join("; ", problems));
            }
            try (NoGradGuard _ = new NoGradGuard()) {
                source.forEach((name, tensor) -> own.get(name).copy_(tensor));
            }
        } finally {
            own.values().forEach(Tensor::close);
        }
    }

    /** Copies every tensor of a file into the module, as {@link #load(Module, Map)} does. */
    public static void load(Module module, Safetensors file) throws SafetensorsException {
        try (PointerScope _ = new PointerScope()) {
            load(module, file.tensors());
        } catch (IllegalArgumentException e) {
            throw new SafetensorsException(file.path(), e.getMessage(), e);
        }
    }

    private static List<String> missing(Map<String, Tensor> own, Map<String, Tensor> source) {
        Set<Long> given = new HashSet<>();
        source.keySet().stream().filter(own::containsKey).forEach(name -> given.add(identity(own.get(name))));
        return own.entrySet().stream()
                .filter(entry -> !given.contains(identity(entry.getValue())) && !entry.getKey().endsWith(COUNTER))
                .map(entry -> entry.getKey() + " " + Ops.shape(entry.getValue())).toList();
    }

    private static List<String> misfits(Map<String, Tensor> own, Map<String, Tensor> source) {
        List<String> misfits = new ArrayList<>();
        Map<Long, String> first = new HashMap<>();
        source.forEach((name, tensor) -> {
            Tensor mine = own.get(name);
            if (mine == null) {
                return;
            }
            if (!Arrays.equals(mine.shape(), tensor.shape())) {
                misfits.add(name + " is " + Ops.shape(tensor) + ", the module has " + Ops.shape(mine));
            } else if (mine.is_floating_point() != tensor.is_floating_point()) {
                misfits.add(name + " is " + Ops.type(tensor) + ", the module has " + Ops.type(mine));
            } else {
                String other = first.putIfAbsent(identity(mine), name);
                if (other != null && !source.get(other).equal(tensor)) {
                    misfits.add(other + " and " + name + " are one tensor in the module but differ");
                }
            }
        });
        return misfits;
    }

    /** The same number for two handles of one tensor. */
    private static long identity(Tensor tensor) {
        try (TensorImpl implementation = tensor.unsafeGetTensorImpl()) {
            return implementation.address();
        }
    }

    private static void note(List<String> problems, String what, List<String> found) {
        if (!found.isEmpty()) {
            String rest = found.size() > LISTED ? " and " + (found.size() - LISTED) + " more" : "";
            problems.add(what + ": " + String.join(", ", found.subList(0, Math.min(LISTED, found.size()))) + rest);
        }
    }

    private static void addAll(Map<String, Tensor> all, StringTensorDict tensors) {
        for (long i = 0; i < tensors.size(); i++) {
            try (StringTensorDictItem item = tensors.get(i)) {
                all.put(item.key().getString(), new Tensor(item.value()));
            }
        }
    }
}
