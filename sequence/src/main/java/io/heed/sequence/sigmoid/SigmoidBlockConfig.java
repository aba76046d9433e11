package io.heed.sequence.sigmoid;

/**
 * What a block is built from.
 *
 * @param attention the attention; its biases say whether the perceptron's second map has one too
 * @param hidden    hidden width of the perceptron, usually 4 D
 * @param norm      the norm before each branch
 * @param branch    what a branch's output goes through
 * @param branchGain first gain of LayerScale, 1e-4
 */
public record SigmoidBlockConfig(SigmoidConfig attention, long hidden, NormKind norm, Branch branch,
        double branchGain) {
    /** Norms of a block. */
    public enum Kind { LAYER, RMS }

    /**
     * A norm.
     *
     * @param kind    LayerNorm or RMSNorm
     * @param epsilon its eps
     */
    public record NormKind(Kind kind, double epsilon) {
        /** LayerNorm with eps 1e-5. */
        public static final NormKind STANDARD = new NormKind(Kind.LAYER, 1e-5);
    }

    /** What the output of attention and perceptron goes through before it is added. */
    public enum Branch {
        /** Nothing. */
        IDENTITY,
        /** A gain per channel that starts at 1e-4. */
        LAYER_SCALE,
        /** A norm: hybrid norm, x + Norm(Attn(Norm(x))). */
        NORM
    }

    /** Perceptrons four times as wide, LayerNorm, LayerScale starting at 1e-4. */
    public static SigmoidBlockConfig of(SigmoidConfig attention, Branch branch) {
        return new SigmoidBlockConfig(attention, 4 * attention.width(), NormKind.STANDARD, branch, 1e-4);
    }
}
