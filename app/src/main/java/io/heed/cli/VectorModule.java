package io.heed.cli;

import java.lang.reflect.InvocationTargetException;

/**
 * Makes the JDK's Vector API available, which the kernels are written in. Commands that compute call this first; the
 * others start faster without it.
 *
 * <p>The Vector API is an incubator module. Naming it on the command line ({@code --add-modules}) works too, but then
 * the JVM writes a warning to the error stream of every run. The launcher therefore opens the JDK's own method for
 * loading a system module into a running JVM.
 */
final class VectorModule {
    private static final String NAME = "jdk.incubator.vector";

    private VectorModule() { }

    /** @throws IllegalStateException when the JVM was started in a way that cannot load the module */
    static void load() {
        if (ModuleLayer.boot().findModule(NAME).isPresent()) {
            return;
        }
        try {
            Class.forName("jdk.internal.module.Modules").getMethod("loadModule", String.class).invoke(null, NAME);
        } catch (ReflectiveOperationException | RuntimeException e) {
            Throwable cause = e instanceof InvocationTargetException wrapped ? wrapped.getCause() : e;
            throw new IllegalStateException("this JVM runs without the Vector API: start it with --add-modules " + NAME,
                    cause);
        }
    }
}
