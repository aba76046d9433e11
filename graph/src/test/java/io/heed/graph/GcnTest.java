package io.heed.graph;

class GcnTest extends GraphLayerContract {
    @Override
    protected GraphLayer layer() {
        return new Gcn(new LayerConfig(WIDTH, 4, 0));
    }
}
