package io.heed.insight.sink;

/** How queries and keys become weights. */
public sealed interface Mechanism {
    /** softmax(z). */
    record Softmax() implements Mechanism { }

    /** f(z) key by key, perhaps divided by the row's sum. */
    record Similarity(Function function, boolean normalised) implements Mechanism {
        /** sigmoid(z), or elu(z) + 1. */
        public enum Function { SIGMOID, ELU }
    }

    /** phi(q) . phi(k), perhaps divided by the row's sum. */
    record Kernel(Feature feature, boolean normalised) implements Mechanism {
        /** elu(x) + 1, x itself, or W2 relu(W1 x) with maps (d, d) shared by heads, queries and keys. */
        public enum Feature { ELU, LINEAR, MLP }
    }

    /**
     * Softmax with a learned key in front of the sequence and a learned value to it; with a value alone, that value is
     * added to every output.
     *
     * @param perHead whether each head has its own
     */
    record KeyValueBias(boolean key, boolean value, boolean perHead) implements Mechanism {
        /** @throws IllegalArgumentException when there is neither */
        public KeyValueBias {
            if (!key && !value) {
                throw new IllegalArgumentException(
                        "a key/value bias needs a key, a value or both: k_bias and v_bias are false");
            }
        }
    }

    /** exp(z) / (1 + sum exp(z)): a key of zeros in front whose value is 0. */
    record OffByOne() implements Mechanism { }

    /** Keys in front of the sequence. */
    default int front() {
        return this instanceof OffByOne || this instanceof KeyValueBias bias && bias.key() ? 1 : 0;
    }
}
