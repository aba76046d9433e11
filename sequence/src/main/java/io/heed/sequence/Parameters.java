package io.heed.sequence;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.TensorVector;

/** Counts parameters. */
final class Parameters {
    private Parameters() { }

    static long count(Module module) {
        try (PointerScope _ = new PointerScope()) {
            TensorVector parameters = module.parameters();
            long sum = 0;
            for (long i = 0; i < parameters.size(); i++) {
                sum += parameters.get(i).numel();
            }
            return sum;
        }
    }
}
