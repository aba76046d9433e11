package io.heed.sequence.bam;

import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.tensor.Ops;

/** Makes the weights of a BAM block from those of dense blocks, one an expert (paper, section 3). */
final class Upcycling {
    /** What becomes of the attention of the dense models. */
    enum Attention {
        /** Experts with keys and values of their own. */
        EXPERTS,
        /** Experts of queries and outputs; keys and values are averaged. */
        SHARED_KEYS_AND_VALUES,
        /** One attention, the average: the baseline BTX. */
        AVERAGED
    }

    private Upcycling() { }

    /**
     * The block's weights, through which gradients flow to the dense blocks.
     *
     * @param attentionRouter (E, D), or (1, D) where attention is averaged
     * @param ffnRouter       (E, D)
     */
    static BamWeights weights(List<DenseBlock> dense, Attention attention, Tensor attentionRouter, Tensor ffnRouter) {
        boolean averaged = attention == Attention.AVERAGED;
        boolean ownKeys = attention == Attention.EXPERTS;
        AttentionWeights mixed = new AttentionWeights(
                collect(dense, 0, !averaged), collect(dense, 1, ownKeys), collect(dense, 2, ownKeys),
                collect(dense, 3, !averaged), attentionRouter);
        return new BamWeights(mean(dense, DenseBlock::norm), mixed, dense.stream().map(DenseBlock::ffn).toList(),
                ffnRouter);
    }

    /** Puts upcycled weights into a block; its routers keep what they were drawn as. */
    static void fill(BamBlock block, List<DenseBlock> dense, Attention attention) {
        try (NoGradGuard _ = new NoGradGuard()) {
            BamWeights own = block.weights();
            BamWeights upcycled = weights(dense, attention, own.attention().router(), own.router());
            own.norm().copy_(upcycled.norm());
            copy(own.attention().q(), upcycled.attention().q());
            copy(own.attention().k(), upcycled.attention().k());
            copy(own.attention().v(), upcycled.attention().v());
            copy(own.attention().o(), upcycled.attention().o());
            for (int e = 0; e < dense.size(); e++) {
                own.ffn().get(e).gate().copy_(upcycled.ffn().get(e).gate());
                own.ffn().get(e).up().copy_(upcycled.ffn().get(e).up());
                own.ffn().get(e).down().copy_(upcycled.ffn().get(e).down());
            }
        }
    }

    /** The mean of a part over models. */
    static <T> Tensor mean(List<T> models, Function<T, Tensor> part) {
        return Ops.stack(0, models.stream().map(part).toArray(Tensor[]::new)).mean(0);
    }

    private static List<Tensor> collect(List<DenseBlock> dense, int which, boolean each) {
        return each ? dense.stream().map(block -> block.attention(which)).toList()
                : List.of(mean(dense, block -> block.attention(which)));
    }

    private static void copy(List<Tensor> to, List<Tensor> from) {
        IntStream.range(0, to.size()).forEach(i -> to.get(i).copy_(from.get(i)));
    }
}
