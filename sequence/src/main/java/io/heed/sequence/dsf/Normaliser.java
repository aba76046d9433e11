package io.heed.sequence.dsf;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** How normalised attention turns its learned scalar w_n . u + b_n into the normaliser eta. */
enum Normaliser {
    /** e^x, the paper's choice. */
    EXP {
        @Override
        Tensor log(Tensor x) {
            return x;
        }
    },
    /** log(1 + e^x). */
    SOFTPLUS {
        @Override
        Tensor log(Tensor x) {
            return torch.softplus(x).log();
        }
    },
    /** 1 / (1 + e^-x). */
    SIGMOID {
        @Override
        Tensor log(Tensor x) {
            return torch.log_sigmoid(x);
        }
    };

    /** log eta: eta is divided by, and its range is wide. */
    abstract Tensor log(Tensor x);
}
