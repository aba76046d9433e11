package io.heed.graph;

/**
 * Numbers for every edge of a graph, beside or in place of its type.
 *
 * @param values (E, F) row by row, in the order of the graph's edges
 * @param width  F
 */
public record EdgeFeatures(float[] values, int width) {
    /** @throws IllegalArgumentException when the values do not make up rows of F */
    public EdgeFeatures {
        if (width < 1 || values.length % width != 0) {
            throw new IllegalArgumentException("edge features hold " + values.length + " values, must be edges x "
                    + width);
        }
    }

    /** E. */
    public int edges() {
        return values.length / width;
    }

    /** The features of these edges, in this order. */
    EdgeFeatures select(int[] edges) {
        float[] picked = new float[edges.length * width];
        for (int i = 0; i < edges.length; i++) {
            System.arraycopy(values, edges[i] * width, picked, i * width, width);
        }
        return new EdgeFeatures(picked, width);
    }
}
