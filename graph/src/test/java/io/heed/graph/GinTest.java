package io.heed.graph;

class GinTest extends GraphLayerContract {
    @Override
    protected GraphLayer layer() {
        return new Gin(new LayerConfig(WIDTH, 4, 0));
    }
}
