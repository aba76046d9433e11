package io.heed.sequence.bam;

import java.util.stream.IntStream;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.sequence.MixerContext;
import io.heed.tensor.Weights;

/** A seed or a specialist. */
final class DenseModel extends ParallelModel<DenseBlock> {
    DenseModel(int vocabulary, int layers, SoftMixtureConfig attention, long hidden) {
        super("DenseModel", vocabulary, attention.width(), IntStream.range(0, layers)
                .mapToObj(_ -> new DenseBlock(attention, hidden, 1e-5)).toList());
    }

    @Override
    Tensor forward(DenseBlock block, Tensor x, MixerContext context) {
        return block.forward(x, context);
    }

    /** Takes over the weights of {@code seed} (phase 1, branch). */
    DenseModel branch(DenseModel seed) {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            Weights.load(this, Weights.of(seed));
        }
        return this;
    }
}
