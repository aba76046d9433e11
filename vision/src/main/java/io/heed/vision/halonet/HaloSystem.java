package io.heed.vision.halonet;

import java.util.List;
import java.util.Map;
import java.util.Optional;

import io.heed.catalog.Catalog;
import io.heed.catalog.Claim;
import io.heed.catalog.GoldenModule;
import io.heed.catalog.Study;
import io.heed.catalog.SystemCard;
import io.heed.catalog.SystemEntry;
import io.heed.vision.GridMixerKind;
import io.heed.vision.GridMixerProvider;

/** What the catalogue knows of HaloNet. */
public final class HaloSystem implements SystemEntry, GridMixerProvider {
    private static final String ID = "halonet";

    static final List<Claim> CLAIMS = List.of(
            new Claim("parameters", "local self-attention is state of the art on ImageNet where parameters are limited",
                    "abstract"),
            new Claim("halo", "a halo is needed: accuracy rises with it, then saturates", "section 4"),
            new Claim("speed", "blocked attention is faster and smaller than local attention pixel by pixel",
            "section 2"));

    @Override
    public SystemCard card() {
        return Catalog.card(ID).withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("attention", HaloGolden::attention);
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new HaloStudy());
    }

    @Override
    public List<GridMixerKind> gridMixers() {
        return List.of(new GridMixerKind(ID, List.of("halo"),
                "attention in blocks of the grid that see a halo around themselves", HaloMixer.OPTIONS,
                HaloMixer::new));
    }
}
