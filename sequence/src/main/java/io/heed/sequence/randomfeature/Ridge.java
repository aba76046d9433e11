package io.heed.sequence.randomfeature;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.tensor.Ops;

/**
 * Ridge regression, min_V (1/n) |Phi V - y|^2 + lambda |V|^2, in float64: by the normal equations, or by the dual where
 * there are fewer samples than features. The product of the features is made once and serves any lambda.
 */
public final class Ridge {
    private final Tensor features;
    private final Tensor targets;
    private final Tensor gram;
    private final boolean dual;

    /**
     * @param features Phi, (n, p)
     * @param targets  y, (n, targets): each column is fitted by itself
     */
    public Ridge(Tensor features, Tensor targets) {
        this.features = features.to(ScalarType.Double);
        this.targets = targets.to(ScalarType.Double);
        if (features.dim() != 2 || targets.dim() != 2 || features.size(0) != targets.size(0)) {
            throw new IllegalArgumentException("ridge regression takes features (n, p) and targets (n, t), got "
                    + Ops.shape(features) + " and " + Ops.shape(targets));
        }
        dual = features.size(0) < features.size(1);
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor transposed = this.features.transpose(0, 1);
            gram = dual ? this.features.matmul(transposed) : transposed.matmul(this.features);
        }
    }

    /** V, (p, targets). */
    public Tensor fit(double lambda) {
        try (NoGradGuard _ = new NoGradGuard()) {
            // both sides times n: Phi^T Phi + n lambda I, or Phi Phi^T + n lambda I
            Tensor ridge = torch.eye(gram.size(0), gram.options()).mul(new Scalar(features.size(0) * lambda));
            Tensor factor = torch.linalg_cholesky(gram.add(ridge));
            Tensor transposed = features.transpose(0, 1);
            return dual ? transposed.matmul(torch.cholesky_solve(targets, factor))
                    : torch.cholesky_solve(transposed.matmul(targets), factor);
        }
    }

    /** Mean squared error of each target, (targets). */
    public static Tensor error(Tensor features, Tensor coefficients, Tensor targets) {
        return features.to(ScalarType.Double).matmul(coefficients).sub(targets.to(ScalarType.Double)).square()
                .mean(new long[] {0}, false, new ScalarTypeOptional());
    }
}
