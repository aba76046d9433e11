package io.heed.sequence.pointer;

import java.util.List;
import java.util.Map;
import java.util.Optional;

import io.heed.catalog.Catalog;
import io.heed.catalog.Claim;
import io.heed.catalog.GoldenModule;
import io.heed.catalog.Study;
import io.heed.catalog.SystemCard;
import io.heed.catalog.SystemEntry;

/** What the catalogue knows of pointer networks. */
public final class PointerSystem implements SystemEntry {
    static final List<Claim> CLAIMS = List.of(
        new Claim("hull",
        "convex hull of 50 points: accuracy 72.6% and area 99.9%, LSTM with attention 38.9% and 99.7%, LSTM 1.9%",
                "table 1"),
        new Claim("longer", "trained on 5 to 50 points, it answers for more: area 99.2% at 500", "table 1"),
        new Claim("delaunay", "triangulations of 5 points: accuracy 80.7%, 93.0% of the triangles", "section 4.3"),
        new Claim("tsp", "tours of 5 and 10 cities are 2.12 and 2.88 long, the shortest 2.12 and 2.87", "table 2"));

    @Override
    public SystemCard card() {
        return Catalog.card("pointer-network").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("teacher-forcing", PointerGolden::teacherForcing, "beam-search", PointerGolden::beamSearch,
                "geometry",
                PointerGolden::geometry);
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new PointerStudy());
    }
}
