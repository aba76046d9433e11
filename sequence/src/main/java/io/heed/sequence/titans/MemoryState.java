package io.heed.sequence.titans;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

import org.bytedeco.pytorch.Tensor;

import io.heed.sequence.TensorState;

/** A memory in a decoding state: matrices, momentum and anchor first, the mixer's own tensors after them. */
final class MemoryState {
    private MemoryState() { }

    /** An empty state of {@code memory} and further tensors. */
    static TensorState of(long batch, Supplier<MemoryWeights> memory, Supplier<List<Tensor>> others) {
        return new TensorState(batch, () -> {
            MemoryWeights weights = memory.get();
            List<Tensor> tensors = new ArrayList<>();
            weights.matrices().forEach(tensor -> tensors.add(tensor.clone()));
            weights.momentum().forEach(tensor -> tensors.add(tensor.clone()));
            weights.anchor().forEach(tensor -> tensors.add(tensor.clone()));
            tensors.addAll(others.get());
            return tensors;
        });
    }

    /** The memory of {@code layers} matrices in {@code state}. */
    static MemoryWeights get(TensorState state, int layers) {
        List<List<Tensor>> parts = new ArrayList<>();
        for (int part = 0; part < 3; part++) {
            List<Tensor> tensors = new ArrayList<>();
            for (int l = 0; l < layers; l++) {
                // a handle of our own: the state frees its when replaced
                tensors.add(state.get(part * layers + l).detach());
            }
            parts.add(tensors);
        }
        return new MemoryWeights(parts.get(0), parts.get(1), parts.get(2));
    }

    /** Puts {@code memory} into {@code state}. */
    static void set(TensorState state, MemoryWeights memory) {
        List<Tensor> tensors = new ArrayList<>(memory.matrices());
        tensors.addAll(memory.momentum());
        tensors.addAll(memory.anchor());
        for (int i = 0; i < tensors.size(); i++) {
            state.set(i, tensors.get(i));
        }
    }
}
