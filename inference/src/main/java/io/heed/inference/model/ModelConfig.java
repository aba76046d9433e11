package io.heed.inference.model;

import io.heed.kernels.Activation;

/**
 * The shape of a model.
 *
 * @param architecture  which family
 * @param vocabulary    tokens
 * @param width         D
 * @param layers        transformer layers
 * @param heads         H, query heads
 * @param keyValueHeads G
 * @param headWidth     d
 * @param hidden        F, units of the MLP
 * @param positions     longest context
 * @param epsilon       of the norms
 * @param activation    of the MLP
 * @param rope          rotary positions; null where positions are learned
 * @param biases        which linear layers have biases
 * @param window        keys that a query of a sliding layer sees, its own included; 0 where no layer slides
 * @param sliding       which layers slide
 * @param scaleByLayer  whether logits of layer l are divided by l + 1 as well
 * @param scaleLogits   whether logits are divided by sqrt(d)
 * @param tied          whether the output head is the embedding
 */
public record ModelConfig(Architecture architecture, int vocabulary, int width, int layers, int heads,
        int keyValueHeads,
        int headWidth, int hidden, int positions, double epsilon, Activation activation, RotaryTable rope,
        Biases biases,
        int window, boolean[] sliding, boolean scaleByLayer, boolean scaleLogits, boolean tied) {

    /**
     * Which linear layers have biases.
     *
     * @param input  of queries, keys and values
     * @param output of attention
     * @param mlp    of the MLP
     */
    public record Biases(boolean input, boolean output, boolean mlp) { }

    /** Keys that a query of layer {@code layer} sees, its own included; 0 for all. */
    public int window(int layer) {
        return sliding[layer] ? window : 0;
    }

    /** Factor on q . k in layer {@code layer}. */
    public float scale(int layer) {
        double scale = scaleLogits ? 1 / Math.sqrt(headWidth) : 1;
        return (float) (scaleByLayer ? scale / (layer + 1) : scale);
    }

    /** Whether keys depend on the length of the whole sequence, so that equal beginnings are not equal. */
    public boolean positionsDependOnLength() {
        return rope != null && rope.dependsOnLength();
    }

    /** Floats of the keys, or of the values, of one position in one layer. */
    public int cacheWidth() {
        return keyValueHeads * headWidth;
    }
}
