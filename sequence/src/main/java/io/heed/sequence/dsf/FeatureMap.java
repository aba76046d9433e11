package io.heed.sequence.dsf;

import java.util.Locale;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Positive feature maps of linear attention, element by element. */
enum FeatureMap {
    /** elu(x) + 1. */
    ELU_PLUS_ONE("elu+1") {
        @Override
        Tensor apply(Tensor x) {
            return torch.elu(x).add(new Scalar(1));
        }
    },
    /** e^x. */
    EXP("exp") {
        @Override
        Tensor apply(Tensor x) {
            return x.exp();
        }
    },
    /** log(1 + e^x). */
    SOFTPLUS("softplus") {
        @Override
        Tensor apply(Tensor x) {
            return torch.softplus(x);
        }
    };

    private final String written;

    FeatureMap(String written) {
        this.written = written;
    }

    abstract Tensor apply(Tensor x);

    /**
     * The map as configurations write it.
     *
     * @throws IllegalArgumentException for another
     */
    static FeatureMap named(String text) {
        for (FeatureMap map : values()) {
            if (map.written.equals(text.strip().toLowerCase(Locale.ROOT).replace(" ", ""))) {
                return map;
            }
        }
        throw new IllegalArgumentException("feature '" + text + "': must be elu+1, exp or softplus");
    }
}
