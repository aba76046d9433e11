package io.heed.sequence.lama;

import java.util.List;
import java.util.Map;
import java.util.Optional;

import io.heed.catalog.Catalog;
import io.heed.catalog.Claim;
import io.heed.catalog.GoldenModule;
import io.heed.catalog.Study;
import io.heed.catalog.SystemCard;
import io.heed.catalog.SystemEntry;

/** What the catalogue knows of low-rank attention. */
public final class LamaSystem implements SystemEntry {
    static final List<Claim> CLAIMS = List.of(
        new Claim("accuracy", "matches or beats strong baselines in classifying reviews, ratings and news", "abstract"),
        new Claim("parameters", "needs fewer parameters than comparable multi-head attention", "abstract"),
        new Claim("cost", "is cheaper than a transformer's self-attention for classification", "abstract"));

    @Override
    public SystemCard card() {
        return Catalog.card("low-rank-attention").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("lama-encoder", LamaGolden::encoder, "classifier", LamaGolden::classifier);
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new LamaStudy());
    }
}
