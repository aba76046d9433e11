package io.heed.graph.transformer;

/**
 * One layer of a graph transformer.
 *
 * @param inWidth    width of what comes in
 * @param outWidth   D, width of what goes out; equal to {@code inWidth} where there is a residual
 * @param heads      H, divides D
 * @param dropout    share dropped in training, after attention and inside the feed-forward network
 * @param layerNorm  LayerNorm after each residual, the paper's ablation; runs before batch norm where both are on
 * @param batchNorm  BatchNorm after each residual, the paper's choice
 * @param residual   whether there are residual connections
 * @param bias       whether Q, K, V and proj_e have a bias
 * @param edgeStream whether the layer reads and updates edges
 */
public record GraphTransformerConfig(int inWidth, int outWidth, int heads, double dropout, boolean layerNorm,
                                     boolean batchNorm, boolean residual, boolean bias, boolean edgeStream) {
    /** @throws IllegalArgumentException when the heads do not divide the width, or a residual would not fit */
    public GraphTransformerConfig {
        if (outWidth < 1 || heads < 1 || outWidth % heads != 0) {
            throw new IllegalArgumentException("width " + outWidth + " cannot be cut into " + heads + " heads");
        }
        if (residual && inWidth != outWidth) {
            throw new IllegalArgumentException("a residual needs equal widths, got " + inWidth + " in and " + outWidth
                    + " out");
        }
    }

    /** The paper's layer: batch norm, residuals, no biases. */
    public static GraphTransformerConfig of(int width, int heads, double dropout, boolean edgeStream) {
        return new GraphTransformerConfig(width, width, heads, dropout, false, true, true, false, edgeStream);
    }

    /** The same with LayerNorm in place of BatchNorm. */
    public GraphTransformerConfig withLayerNorm() {
        return new GraphTransformerConfig(inWidth, outWidth, heads, dropout, true, false, residual, bias, edgeStream);
    }
}
