package io.heed.graph;

import java.util.List;

import io.heed.catalog.Family;
import io.heed.catalog.FamilyCatalog;
import io.heed.catalog.SystemEntry;
import io.heed.graph.transformer.GraphTransformerEntry;

/** The graph systems that are built. */
public final class GraphCatalog implements FamilyCatalog {
    @Override
    public Family family() {
        return Family.GRAPH;
    }

    @Override
    public List<SystemEntry> systems() {
        return List.of(new GraphTransformerEntry());
    }
}
