package io.heed.sequence.bam;

import java.util.List;
import java.util.stream.IntStream;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

import io.heed.sequence.MixerContext;

/** A mixture made of specialists. */
final class BamModel extends ParallelModel<BamBlock> {
    private BamModel(int vocabulary, int layers, BamConfig config) {
        super("BamModel", vocabulary, config.attention().width(), IntStream.range(0, layers)
                .mapToObj(_ -> new BamBlock(config)).toList());
    }

    /** Upcycles dense models, one an expert (phase 3, before it is trained). */
    static BamModel of(List<DenseModel> models, int vocabulary, BamConfig config, Upcycling.Attention attention) {
        int layers = models.getFirst().blocks().size();
        BamModel mixture = new BamModel(vocabulary, layers, config);
        mixture.average(models);
        try (PointerScope _ = new PointerScope()) {
            for (int l = 0; l < layers; l++) {
                int layer = l;
                Upcycling.fill(mixture.blocks().get(l), models.stream().map(model -> model.blocks().get(layer))
                        .toList(),
                        attention);
            }
        }
        return mixture;
    }

    @Override
    Tensor forward(BamBlock block, Tensor x, MixerContext context) {
        return block.forward(x, context);
    }
}
