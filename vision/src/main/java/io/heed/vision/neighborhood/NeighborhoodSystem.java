package io.heed.vision.neighborhood;

import java.util.List;
import java.util.Map;
import java.util.Optional;

import io.heed.catalog.Catalog;
import io.heed.catalog.Claim;
import io.heed.catalog.GoldenModule;
import io.heed.catalog.Study;
import io.heed.catalog.SystemCard;
import io.heed.catalog.SystemEntry;
import io.heed.nn.Form;
import io.heed.vision.GridMixerKind;
import io.heed.vision.GridMixerProvider;

/** What the catalogue knows of neighborhood attention. */
public final class NeighborhoodSystem implements SystemEntry, GridMixerProvider {
    private static final String ID = "neighborhood-attention";

    static final List<Claim> CLAIMS = List.of(
            new Claim("fused", "fused neighborhood attention beats naive kernels by 1607% (1-D) and 581% (2-D) in half"
                    + " precision", "abstract"),
            new Claim("unfused", "GEMM-based unfused neighborhood attention beats naive kernels by 895% (1-D) and 272%"
                    + " (2-D) in full precision", "abstract"),
            new Claim("memory", "the fused form makes no attention tensor: its memory does not grow with the window",
                    "abstract"));

    @Override
    public SystemCard card() {
        return Catalog.card(ID).withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("module", golden -> NeighborhoodGolden.layer(golden, Form.AUTO),
                "operation", golden -> NeighborhoodGolden.operation(golden, Form.AUTO));
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new NeighborhoodStudy());
    }

    @Override
    public List<GridMixerKind> gridMixers() {
        return List.of(new GridMixerKind(ID, List.of("neighborhood", "na"),
                "attention of every token to its window of nearest tokens, pushed inward at the borders",
                NeighborhoodOptions.KNOWN, NeighborhoodOptions::build));
    }
}
