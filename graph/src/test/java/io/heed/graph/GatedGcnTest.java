package io.heed.graph;

class GatedGcnTest extends GraphLayerContract {
    @Override
    protected GraphLayer layer() {
        return new GatedGcn(new LayerConfig(WIDTH, 4, 0));
    }
}
