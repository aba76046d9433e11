package io.heed.insight.sink;

/**
 * What a {@link SinkModel} is built from.
 *
 * @param vocabulary    V
 * @param layers        blocks
 * @param width         D
 * @param heads         H, query heads
 * @param groups        key/value heads, each used by H / groups query heads
 * @param hidden        hidden width of the MLP
 * @param mlp           the MLP
 * @param norm          the norm
 * @param epsilon       its eps
 * @param placement     where norms stand
 * @param linearBias    whether linear maps have biases
 * @param positions     how positions enter
 * @param rotaryShare   share of a head's channels that rotary positions turn
 * @param rotaryBase    base of their frequencies
 * @param maxPositions  rows of the learned or sinusoidal position table
 * @param mechanism     the attention
 * @param prefix        positions at the start that every query sees, later ones included (prefix LM); 0 for none
 * @param window        keys that a query sees, itself included; 0 for all
 * @param sinkToken     whether a learned embedding stands in front of every sequence
 */
public record SinkConfig(int vocabulary, int layers, int width, int heads, int groups, int hidden, MlpKind mlp,
        NormKind norm,
                         double epsilon, Placement placement, boolean linearBias, Positions positions,
                         double rotaryShare,
                         double rotaryBase, int maxPositions, Mechanism mechanism, int prefix, int window,
                         boolean sinkToken) {
    /** f(fc x) then proj, or a gate: w1 / fc_1 gated with w2 / fc_2. */
    public enum MlpKind { RELU, GELU, SWISH, REGLU, GEGLU, SWIGLU }

    /** The norms. */
    public enum NormKind { RMS, LAYER }

    /**
     * x + f(norm x); x + attn(norm_1 x) + mlp(norm_2 x), or with one norm for both; or norm(x + f(x)), after which
     * there is no norm at the end.
     */
    public enum Placement { PRE, PARALLEL, PARALLEL_SHARED, POST }

    /**
     * None; sinusoids or a learned table added to the embedding; ALiBi; the number of T5's distance bucket (32 buckets
     * up to 128) added to the logits; rotary.
     */
    public enum Positions { NONE, ABSOLUTE, LEARNABLE, ALIBI, RELATIVE, ROTARY }

    /** @throws IllegalArgumentException in one line for sizes that do not fit each other */
    public SinkConfig {
        check(vocabulary > 0 && layers > 0 && width > 0 && heads > 0 && groups > 0 && hidden > 0 && maxPositions > 0,
                "vocabulary, layers, width, heads, groups, hidden width and positions must be positive");
        check(width % heads == 0, "width " + width + " is not a multiple of " + heads + " heads");
        check(heads % groups == 0, heads + " heads are not a multiple of " + groups + " query groups");
        check(rotaryShare >= 0 && rotaryShare <= 1, "rotary share " + rotaryShare + " is not within [0, 1]");
        check(prefix >= 0 && window >= 0, "prefix " + prefix + " and window " + window + " must not be negative");
        check(prefix == 0 || window == 0, "a prefix and a window cannot be had together");
    }

    /** The paper's block at another size: RMSNorm before, SwiGLU, rotary positions, softmax. */
    public static SinkConfig of(int vocabulary, int layers, int width, int heads, int hidden, int maxPositions) {
        return new SinkConfig(vocabulary, layers, width, heads, heads, hidden, MlpKind.SWIGLU, NormKind.RMS, 1e-5,
                Placement.PRE,
                false, Positions.ROTARY, 1, 10_000, maxPositions, new Mechanism.Softmax(), 0, 0, false);
    }

    /** d = D / H. */
    public int headWidth() {
        return width / heads;
    }

    /** Channels of a head that are turned. */
    int turned() {
        return positions == Positions.ROTARY ? (int) (rotaryShare * headWidth()) : 0;
    }

    /** The same with other attention. */
    public SinkConfig withMechanism(Mechanism mechanism) {
        return new SinkConfig(vocabulary, layers, width, heads, groups, hidden, mlp, norm, epsilon, placement,
                linearBias,
                positions, rotaryShare, rotaryBase, maxPositions, mechanism, prefix, window, sinkToken);
    }

    /** The same with other positions. */
    public SinkConfig withPositions(Positions positions) {
        return new SinkConfig(vocabulary, layers, width, heads, groups, hidden, mlp, norm, epsilon, placement,
                linearBias,
                positions, rotaryShare, rotaryBase, maxPositions, mechanism, prefix, window, sinkToken);
    }

    /** The same with another MLP. */
    public SinkConfig withMlp(MlpKind mlp) {
        return new SinkConfig(vocabulary, layers, width, heads, groups, hidden, mlp, norm, epsilon, placement,
                linearBias,
                positions, rotaryShare, rotaryBase, maxPositions, mechanism, prefix, window, sinkToken);
    }

    /** The same with norms elsewhere. */
    public SinkConfig withPlacement(Placement placement) {
        return new SinkConfig(vocabulary, layers, width, heads, groups, hidden, mlp, norm, epsilon, placement,
                linearBias,
                positions, rotaryShare, rotaryBase, maxPositions, mechanism, prefix, window, sinkToken);
    }

    /** The same with other keys visible. */
    public SinkConfig withVisible(int prefix, int window) {
        return new SinkConfig(vocabulary, layers, width, heads, groups, hidden, mlp, norm, epsilon, placement,
                linearBias,
                positions, rotaryShare, rotaryBase, maxPositions, mechanism, prefix, window, sinkToken);
    }

    /** The same with a learned embedding in front of every sequence. */
    public SinkConfig withSinkToken() {
        return new SinkConfig(vocabulary, layers, width, heads, groups, hidden, mlp, norm, epsilon, placement,
                linearBias,
                positions, rotaryShare, rotaryBase, maxPositions, mechanism, prefix, window, true);
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
