package io.heed.graph;

/**
 * What every kind of graph layer is built from.
 *
 * @param width   D, nodes and edges, in and out
 * @param heads   H, for layers with heads; divides D
 * @param dropout share of the outputs dropped in training
 */
public record LayerConfig(int width, int heads, double dropout) {
    /** @throws IllegalArgumentException when a size is not positive or the heads do not divide the width */
    public LayerConfig {
        if (width < 1 || heads < 1 || width % heads != 0) {
            throw new IllegalArgumentException("width " + width + " cannot be cut into " + heads + " heads");
        }
        if (!(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException("dropout is " + dropout + ", must be at least 0 and below 1");
        }
    }
}
