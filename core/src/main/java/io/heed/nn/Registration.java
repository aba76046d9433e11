package io.heed.nn;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.Tensor;

/**
 * Gives a module its own parameters and buffers. The handle that {@code register_parameter} itself returns points into
 * a list that moves when the next parameter is registered; the handle returned here stays good as long as it is
 * reachable.
 */
public final class Registration {
    private Registration() { }

    /** Registers {@code initial}, a new tensor, as a trained parameter; returns the handle to use. */
    public static Tensor parameter(Module module, String name, Tensor initial) {
        module.register_parameter(name, initial);
        return initial.retainReference();
    }

    /**
     * Registers {@code initial}, a new tensor, as a buffer: saved with the weights, not trained; returns the handle to
     * use.
     */
    public static Tensor buffer(Module module, String name, Tensor initial) {
        module.register_buffer(name, initial);
        return initial.retainReference();
    }

    /**
     * A module that only groups others under a name. It lives in libtorch alone: of a {@code new Module(..)} that no
     * field holds, libtorch would go on calling methods after the garbage collector has taken it, which ends training
     * with a {@code NullPointerException}.
     */
    public static Module group() {
        return new ModuleListImpl();
    }
}
