package io.heed.tensor;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Runs each test of a class inside a pointer scope and without gradients. */
public final class WithoutGradients implements BeforeEachCallback, AfterEachCallback {
    private PointerScope scope;
    private NoGradGuard guard;

    @Override
    public void beforeEach(ExtensionContext context) {
        scope = new PointerScope();
        guard = new NoGradGuard();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        guard.close();
        scope.close();
    }
}
