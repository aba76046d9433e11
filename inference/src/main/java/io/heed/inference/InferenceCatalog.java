package io.heed.inference;

import java.util.List;
import java.util.Map;

import io.heed.catalog.Family;
import io.heed.catalog.FamilyCatalog;
import io.heed.catalog.GoldenModule;
import io.heed.catalog.SystemEntry;
import io.heed.inference.act.ActSystem;
import io.heed.inference.llama.LlamaGolden;

/** The inference systems that are built, and the golden cases of running models as such. */
public final class InferenceCatalog implements FamilyCatalog {
    @Override
    public Family family() {
        return Family.INFERENCE;
    }

    @Override
    public List<SystemEntry> systems() {
        return List.of(new ActSystem());
    }

    @Override
    public Map<String, Map<String, GoldenModule>> checks() {
        return Map.of("llama", LlamaGolden.modules());
    }
}
