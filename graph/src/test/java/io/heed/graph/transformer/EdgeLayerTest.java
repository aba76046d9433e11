package io.heed.graph.transformer;

import io.heed.graph.GraphLayer;
import io.heed.graph.GraphLayerContract;

class EdgeLayerTest extends GraphLayerContract {
    @Override
    protected GraphLayer layer() {
        return new GraphTransformerLayer(GraphTransformerConfig.of(WIDTH, 4, 0, true).withLayerNorm());
    }
}
