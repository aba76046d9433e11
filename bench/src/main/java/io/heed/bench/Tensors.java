package io.heed.bench;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Random inputs, and the distance between two outputs. */
final class Tensors {
    private Tensors() { }

    /** Standard normal, float32. */
    static Tensor normal(long... shape) {
        return torch.randn(shape);
    }

    static Tensor zeros(long... shape) {
        return torch.zeros(shape);
    }

    /** max |a - b| / max(1, max |b|). */
    static double difference(Tensor a, Tensor b) {
        try (PointerScope _ = new PointerScope()) {
            double distance = a.sub(b).abs().max().item_double();
            return distance / Math.max(1, b.abs().max().item_double());
        }
    }
}
