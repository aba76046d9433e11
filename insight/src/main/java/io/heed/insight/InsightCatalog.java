package io.heed.insight;

import java.util.List;

import io.heed.catalog.Family;
import io.heed.catalog.FamilyCatalog;
import io.heed.catalog.SystemEntry;
import io.heed.insight.sink.SinkSystem;

/** The systems of this family. */
public final class InsightCatalog implements FamilyCatalog {
    private static final List<SystemEntry> SYSTEMS = List.of(new SinkSystem());

    @Override
    public Family family() {
        return Family.INSIGHT;
    }

    @Override
    public List<SystemEntry> systems() {
        return SYSTEMS;
    }
}
