package io.heed.kernels;

/** How logits s become attention weights P. */
public enum Normalizer {
    /** P_ij = exp(s_ij) / sum over visible j of exp(s_ij); a row that sees no key gives 0. */
    SOFTMAX,

    /**
     * P_ij = 1 / (1 + exp(-s_ij)), each key on its own (Ramapuram et al., "Theory, Analysis, and Best Practices for
     * Sigmoid Self-Attention", ICLR 2025). With n keys, a logit bias of -ln n keeps outputs at softmax's scale.
     */
    SIGMOID
}
