package io.heed.sequence;

import java.util.List;
import java.util.function.Supplier;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/** Frees what a computation leaves behind, at once rather than at the end of the training step. */
public final class Scopes {
    private Scopes() { }

    /** Runs {@code body} in a scope of its own, from which only its result goes on into the caller's scope. */
    public static Tensor keep(Supplier<Tensor> body) {
        return keepAll(() -> List.of(body.get())).getFirst();
    }

    /** The same for several results, all made in {@code body}. */
    public static List<Tensor> keepAll(Supplier<List<Tensor>> body) {
        PointerScope outer = PointerScope.getInnerScope();
        try (PointerScope _ = new PointerScope()) {
            List<Tensor> results = body.get();
            for (Tensor result : results) {
                if (outer == null) {
                    result.retainReference(); // the garbage collector frees it
                } else {
                    outer.attach(result);
                }
            }
            return results;
        }
    }
}
