package io.heed.sequence.sigmoid;

import java.util.Objects;

/**
 * What sigmoid attention computes.
 *
 * @param width         D
 * @param heads         H
 * @param keyValueHeads heads of keys and values, a divisor of H; H where not grouped
 * @param causal        whether query i sees keys up to i only
 * @param positions     how positions are told apart
 * @param queryKeyNorm  whether queries and keys go through a LayerNorm over each head's channels
 * @param epsilon       of these norms
 * @param bias          b, added to every logit: -ln N for training length N
 * @param temperature   temp: logits are multiplied by exp(temp) before the bias is added
 * @param linearBias    whether the projections have biases
 * @param rows          how rows are divided
 * @param window        how far a query sees
 * @param dropout       probability of dropping a weight P_ij in training
 */
public record SigmoidConfig(long width, int heads, int keyValueHeads, boolean causal, Positions positions,
                            boolean queryKeyNorm, double epsilon, double bias, double temperature, boolean linearBias,
                            RowNormalisation rows, Window window, double dropout) {
    /** Base of the rotary frequencies. */
    static final double ROTARY_BASE = 10_000;

    /** How positions are told apart. */
    public enum Positions {
        /** Not at all. */
        NONE,
        /** Queries and keys are turned, channels 2i and 2i + 1 together. */
        ROTARY,
        /** m_h (j - i) is added to the logits, before the temperature. */
        ALIBI
    }

    /** Division of row i (from 0), kept for ablation; causal or not. */
    public enum RowNormalisation {
        /** Rows stay as they are. */
        NONE,
        /** P_ij / (i + 1). */
        LENGTH,
        /** P_ij / sqrt(i + 1). */
        ROOT_LENGTH
    }

    /**
     * Query i sees keys i - left to i + right.
     *
     * @param left  keys into the past, at least 0
     * @param right keys into the future, at least 0
     */
    public record Window(int left, int right) {
        /** No limit. */
        public static final Window UNLIMITED = new Window(Integer.MAX_VALUE, Integer.MAX_VALUE);

        /** @throws IllegalArgumentException for a negative reach */
        public Window {
            if (left < 0 || right < 0) {
                throw new IllegalArgumentException("a window's reach must not be negative, got left " + left
                        + ", right "
                        + right);
            }
        }
    }

    /** @throws IllegalArgumentException for sizes that do not fit each other */
    public SigmoidConfig {
        Objects.requireNonNull(positions, "positions");
        Objects.requireNonNull(rows, "rows");
        Objects.requireNonNull(window, "window");
        if (heads < 1 || width < 1 || width % heads != 0) {
            throw new IllegalArgumentException("width " + width + " is not a multiple of " + heads + " heads");
        }
        if (keyValueHeads < 1 || heads % keyValueHeads != 0) {
            throw new IllegalArgumentException(heads + " heads are not a multiple of " + keyValueHeads
                    + " key/value heads");
        }
        if (dropout < 0 || dropout >= 1) {
            throw new IllegalArgumentException("dropout " + dropout + " is not within [0, 1)");
        }
    }

    /** Causal, with RoPE, QK norm and b = -ln {@code length}; no biases, no dropout. */
    public static SigmoidConfig causal(long width, int heads, long length) {
        return new SigmoidConfig(width, heads, heads, true, Positions.ROTARY, true, 1e-5, -Math.log(length), 0, false,
                RowNormalisation.NONE, Window.UNLIMITED, 0);
    }

    /** The same, causal or not. */
    public SigmoidConfig withCausal(boolean causal) {
        return new SigmoidConfig(width, heads, keyValueHeads, causal, positions, queryKeyNorm, epsilon, bias,
                temperature,
                linearBias, rows, window, dropout);
    }

    /** The same with fewer key/value heads. */
    public SigmoidConfig withKeyValueHeads(int keyValueHeads) {
        return new SigmoidConfig(width, heads, keyValueHeads, causal, positions, queryKeyNorm, epsilon, bias,
                temperature,
                linearBias, rows, window, dropout);
    }

    /** The same with other positions. */
    public SigmoidConfig withPositions(Positions positions) {
        return new SigmoidConfig(width, heads, keyValueHeads, causal, positions, queryKeyNorm, epsilon, bias,
                temperature,
                linearBias, rows, window, dropout);
    }

    /** The same with or without norms on queries and keys. */
    public SigmoidConfig withQueryKeyNorm(boolean queryKeyNorm, double epsilon) {
        return new SigmoidConfig(width, heads, keyValueHeads, causal, positions, queryKeyNorm, epsilon, bias,
                temperature,
                linearBias, rows, window, dropout);
    }

    /** The same with another b and temp. */
    public SigmoidConfig withLogits(double bias, double temperature) {
        return new SigmoidConfig(width, heads, keyValueHeads, causal, positions, queryKeyNorm, epsilon, bias,
                temperature,
                linearBias, rows, window, dropout);
    }

    /** The same with or without biases in the projections. */
    public SigmoidConfig withLinearBias(boolean linearBias) {
        return new SigmoidConfig(width, heads, keyValueHeads, causal, positions, queryKeyNorm, epsilon, bias,
                temperature,
                linearBias, rows, window, dropout);
    }

    /** The same with rows divided otherwise. */
    public SigmoidConfig withRows(RowNormalisation rows) {
        return new SigmoidConfig(width, heads, keyValueHeads, causal, positions, queryKeyNorm, epsilon, bias,
                temperature,
                linearBias, rows, window, dropout);
    }

    /** The same with another window. */
    public SigmoidConfig withWindow(Window window) {
        return new SigmoidConfig(width, heads, keyValueHeads, causal, positions, queryKeyNorm, epsilon, bias,
                temperature,
                linearBias, rows, window, dropout);
    }

    /** The same with another dropout. */
    public SigmoidConfig withDropout(double dropout) {
        return new SigmoidConfig(width, heads, keyValueHeads, causal, positions, queryKeyNorm, epsilon, bias,
                temperature,
                linearBias, rows, window, dropout);
    }

    /** d = D / H. */
    public long headWidth() {
        return width / heads;
    }
}
