package io.heed.sequence;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.TensorVector;

/** Counts parameters. */
public final class Parameters {
    private Parameters() { }

    /** The elements of all parameters, each shared one counted once. */
    public static long count(Module module) {
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
