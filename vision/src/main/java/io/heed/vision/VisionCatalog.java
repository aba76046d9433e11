package io.heed.vision;

import java.util.ArrayList;
import java.util.List;

import io.heed.catalog.Family;
import io.heed.catalog.FamilyCatalog;
import io.heed.catalog.StudyPart;
import io.heed.catalog.SystemEntry;
import io.heed.vision.convit.ConvitSystem;
import io.heed.vision.halonet.HaloSystem;
import io.heed.vision.moh.MohImages;
import io.heed.vision.moh.MohMixer;
import io.heed.vision.neighborhood.NeighborhoodSystem;

/**
 * The systems of this family. A system that also is a {@link GridMixerProvider} offers its mixers, after the baseline
 * and the grid form of mixture-of-head attention, which is a system of the sequence family.
 */
public final class VisionCatalog implements FamilyCatalog, GridMixerProvider {
    private static final List<SystemEntry> SYSTEMS = List.of(new NeighborhoodSystem(), new ConvitSystem(),
            new HaloSystem());

    /** Attention over the whole grid. */
    private static final GridMixerKind BASELINE = new GridMixerKind("softmax", List.of("attention"),
            "softmax attention over the whole grid: the baseline", List.of(), GlobalAttention::new);

    @Override
    public Family family() {
        return Family.VISION;
    }

    @Override
    public List<SystemEntry> systems() {
        return SYSTEMS;
    }

    @Override
    public List<StudyPart> parts() {
        return List.of(new MohImages());
    }

    @Override
    public List<GridMixerKind> gridMixers() {
        List<GridMixerKind> kinds = new ArrayList<>(List.of(BASELINE, MohMixer.KIND));
        SYSTEMS.stream().filter(GridMixerProvider.class::isInstance)
                .forEach(system -> kinds.addAll(((GridMixerProvider) system).gridMixers()));
        return kinds;
    }
}
