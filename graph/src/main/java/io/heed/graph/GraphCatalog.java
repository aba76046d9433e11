package io.heed.graph;

import java.util.List;

import io.heed.catalog.Family;
import io.heed.catalog.FamilyCatalog;
import io.heed.catalog.SystemEntry;
import io.heed.graph.transformer.GraphTransformerConfig;
import io.heed.graph.transformer.GraphTransformerEntry;
import io.heed.graph.transformer.GraphTransformerLayer;

/** The graph systems that are built, and the layers that comparisons can use. */
public final class GraphCatalog implements FamilyCatalog, GraphLayerProvider {
    @Override
    public Family family() {
        return Family.GRAPH;
    }

    @Override
    public List<SystemEntry> systems() {
        return List.of(new GraphTransformerEntry());
    }

    @Override
    public List<GraphLayerKind> layers() {
        return List.of(
                new GraphLayerKind("gcn", List.of(), "graph convolution (Kipf and Welling)", Gcn::new),
                new GraphLayerKind("gat", List.of(), "graph attention (Velickovic et al.)", Gat::new),
                new GraphLayerKind("gin", List.of(), "graph isomorphism layer (Xu et al.)", Gin::new),
                new GraphLayerKind("gated-gcn", List.of(), "gated graph convolution with edges (Bresson and Laurent)",
                        GatedGcn::new),
                new GraphLayerKind("graph-transformer", List.of("gt"), "graph transformer (Dwivedi and Bresson)",
                        config -> new GraphTransformerLayer(GraphTransformerConfig.of(config.width(), config.heads(),
                                config.dropout(), false))),
                new GraphLayerKind("graph-transformer-edges", List.of("gt-edges"),
                "graph transformer with an edge stream",
                        config -> new GraphTransformerLayer(GraphTransformerConfig.of(config.width(), config.heads(),
                                config.dropout(), true))));
    }
}
