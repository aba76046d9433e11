package io.heed.sequence;

import java.util.List;

import io.heed.catalog.Family;
import io.heed.catalog.FamilyCatalog;
import io.heed.catalog.SystemEntry;
import io.heed.sequence.aaren.AarenSystem;
import io.heed.sequence.bam.BamSystem;
import io.heed.sequence.based.BasedSystem;
import io.heed.sequence.cab.CabSystem;
import io.heed.sequence.cca.CcaSystem;
import io.heed.sequence.combiner.CombinerSystem;
import io.heed.sequence.dsf.DsfSystem;
import io.heed.sequence.flowformer.FlowSystem;
import io.heed.sequence.gaussian.GaussianSystem;
import io.heed.sequence.graphaware.GraphAwareSystem;
import io.heed.sequence.lama.LamaSystem;
import io.heed.sequence.landmark.LandmarkSystem;
import io.heed.sequence.lightning.LightningSystem;
import io.heed.sequence.moh.MohSystem;
import io.heed.sequence.pointer.PointerSystem;
import io.heed.sequence.randomfeature.RandomFeatureSystem;
import io.heed.sequence.routing.RoutingSystem;
import io.heed.sequence.sigmoid.SigmoidSystem;
import io.heed.sequence.softmax.SoftmaxSystem;
import io.heed.sequence.titans.TitansSystem;
import io.heed.sequence.transnormer.TransNormerSystem;
import io.heed.sequence.zoology.ZoologySystem;

/** The systems of this family, the baseline first. A system that also is a {@link MixerProvider} offers its mixers. */
public final class SequenceCatalog implements FamilyCatalog, MixerProvider {
    private static final List<SystemEntry> SYSTEMS = List.of(
            new SoftmaxSystem(),
            new SigmoidSystem(),
            new LightningSystem(),
            new TransNormerSystem(),
            new AarenSystem(),
            new GaussianSystem(),
            new RandomFeatureSystem(),
            new LamaSystem(),
            new PointerSystem(),
            new TitansSystem(), new ZoologySystem(),
            new GraphAwareSystem(),
            new BamSystem(),
            new MohSystem(),
            new BasedSystem(),
            new CcaSystem(),
            new RoutingSystem(),
            new CombinerSystem(),
            new LandmarkSystem(),
            new FlowSystem(),
            new DsfSystem(),
            new CabSystem());

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
        return SYSTEMS.stream().filter(MixerProvider.class::isInstance)
                .flatMap(system -> ((MixerProvider) system).mixers().stream()).toList();
    }
}
