package io.heed.sequence.randomfeature;

import java.util.Locale;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

/**
 * A function of a query and its keys for a layer to learn: (1/N) sum_i (query part)^p (beta . x_i)^q, beta a unit
 * vector.
 *
 * @param kind  the family
 * @param p     power of the query part; not used by {@link Kind#KEY_POWER}
 * @param q     power of beta . x_i
 * @param gamma angle of the rotation, radians
 */
record Target(Kind kind, int p, int q, double gamma) {
    private static final int SAMPLE = 20_000;

    /** The families. */
    enum Kind {
        /** (1/N) sum (beta . x_i)^q: no query. */
        KEY_POWER,
        /** (1/N) sum (x_0 . x_i)^p (beta . x_i)^q. */
        PRODUCT,
        /** (1/N) sum (x_0 . S x_i)^p (beta . x_i)^q, S a rotation by gamma in d/2 planes. */
        ROTATED
    }

    static Target keyPower(int p) {
        return new Target(Kind.KEY_POWER, 0, p, 0);
    }

    static Target product(int p, int q) {
        return new Target(Kind.PRODUCT, p, q, 0);
    }

    static Target rotated(double gamma) {
        return new Target(Kind.ROTATED, 3, 1, gamma);
    }

    /** As in tables. */
    String title() {
        return switch (kind) {
            case KEY_POWER -> "key power " + q;
            case PRODUCT -> "product " + p + ", " + q;
            case ROTATED -> String.format(Locale.ROOT, "correlation, %.0f degrees", Math.toDegrees(gamma));
        };
    }

    /** Query and keys, i.i.d. uniform on the unit sphere: (count, N+1, d) from libtorch's default generator. */
    static Tensor samples(long count, long keys, long width) {
        Tensor normal = torch.randn(count, keys + 1, width);
        return normal.div(normal.square().sum(new long[] {-1}, true, new ScalarTypeOptional()).sqrt());
    }

    /** The function's values on (n, N+1, d), divided by their deviation over a big sample: (n). */
    Tensor values(Tensor x) {
        try (NoGradGuard _ = new NoGradGuard(); PointerScope scope = new PointerScope()) {
            Seeds.seedTorch(0, "target", x.size(1));
            double deviation = raw(samples(SAMPLE, x.size(1) - 1, x.size(2))).std(true).item_double();
            Tensor scaled = Ops.scale(raw(x), 1 / deviation);
            scaled.retainReference();
            return scaled;
        }
    }

    private Tensor raw(Tensor x) {
        Tensor keys = x.narrow(1, 1, x.size(1) - 1);
        Tensor along = keys.select(2, 0); // beta is the first axis
        Tensor power = along.pow(new Scalar(q));
        return (kind == Kind.KEY_POWER ? power : similarity(x.select(1, 0), keys).pow(new Scalar(p)).mul(power)).mean(
                new long[] {1}, false, new ScalarTypeOptional());
    }

    /** x_0 . S x_i: (n, N). S turns the channels 2c and 2c + 1 into each other. */
    private Tensor similarity(Tensor query, Tensor keys) {
        Tensor turned = keys;
        if (gamma != 0) {
            if (keys.size(2) % 2 != 0) {
                throw new IllegalArgumentException("a rotation in planes needs an even width, got " + keys.size(2));
            }
            Tensor pairs = keys.unflatten(-1, keys.size(2) / 2, 2);
            Tensor a = pairs.select(-1, 0);
            Tensor b = pairs.select(-1, 1);
            turned = Ops.stack(-1, Ops.scale(a, Math.cos(gamma)).sub(Ops.scale(b, Math.sin(gamma))),
                    Ops.scale(a, Math.sin(gamma)).add(Ops.scale(b, Math.cos(gamma)))).flatten(-2, -1);
        }
        return turned.matmul(query.unsqueeze(-1)).squeeze(-1);
    }
}
