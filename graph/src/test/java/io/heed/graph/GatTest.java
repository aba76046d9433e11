package io.heed.graph;

class GatTest extends GraphLayerContract {
    @Override
    protected GraphLayer layer() {
        return new Gat(new LayerConfig(WIDTH, 4, 0));
    }
}
