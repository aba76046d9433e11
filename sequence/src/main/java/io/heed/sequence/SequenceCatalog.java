package io.heed.sequence;

import java.util.ArrayList;
import java.util.List;

import io.heed.catalog.Family;
import io.heed.catalog.FamilyCatalog;
import io.heed.catalog.SystemEntry;
import io.heed.sequence.aaren.AarenSystem;
import io.heed.sequence.lightning.LightningSystem;
import io.heed.sequence.sigmoid.SigmoidSystem;
import io.heed.sequence.softmax.SoftmaxAttention;

/** The systems of this family, the baseline first. A system that also is a {@link MixerProvider} offers its mixers. */
public final class SequenceCatalog implements FamilyCatalog, MixerProvider {
    private static final List<SystemEntry> SYSTEMS = List.of(new SigmoidSystem(), new LightningSystem(),
            new AarenSystem());

    @Override
    public Family family() {
        return Family.SEQUENCE;
    }

    @Override
    public List<SystemEntry> systems() {
        return SYSTEMS;
    }

    @Override
    public List<MixerKind> mixers() {
        List<MixerKind> kinds = new ArrayList<>(List.of(SoftmaxAttention.KIND));
        SYSTEMS.stream().filter(MixerProvider.class::isInstance)
                .flatMap(system -> ((MixerProvider) system).mixers().stream()).forEach(kinds::add);
        return kinds;
    }
}
