package io.heed.sequence.bam;

import java.util.List;

import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Registration;
import io.heed.sequence.MixerContext;

/**
 * A language model of parallel blocks, dense or mixed.
 *
 * <p>Parameters {@code embed.weight (V, D)}, which is also the head, {@code blocks.l.*}, {@code norm.weight (D)}.
 *
 * @param <B> the kind of block
 */
abstract class ParallelModel<B extends Module> extends Module {
    private static final double EPSILON = 1e-5;

    private final Tensor embedding;
    private final Tensor norm;
    private final List<B> blocks;

    ParallelModel(String name, int vocabulary, long width, List<B> blocks) {
        super(name);
        EmbeddingImpl table = register_module("embed", new EmbeddingImpl(vocabulary, width));
        embedding = Initialisation.truncatedNormal(table.weight(), Initialisation.DEVIATION).retainReference();
        ModuleListImpl list = register_module("blocks", new ModuleListImpl());
        blocks.forEach(list::push_back);
        norm = Registration.parameter(register_module("norm", Registration.group()), "weight", torch.ones(width));
        this.blocks = blocks;
    }

    /** One block: x (B, N, D) to (B, N, D). */
    abstract Tensor forward(B block, Tensor x, MixerContext context);

    /** Tokens (B, N) to logits (B, N, V); the blocks add their losses to the context. */
    Tensor forward(Tensor tokens, MixerContext context) {
        Tensor x = torch.embedding(embedding, tokens);
        for (B block : blocks) {
            x = forward(block, x, context);
        }
        return torch.linear(BamBlock.normalised(x, norm, EPSILON), embedding);
    }

    List<B> blocks() {
        return blocks;
    }

    /** Makes embedding and final norm the means of those of {@code models}. */
    void average(List<? extends ParallelModel<?>> models) {
        try (NoGradGuard _ = new NoGradGuard()) {
            embedding.copy_(Upcycling.mean(models, model -> model.embedding()));
            norm.copy_(Upcycling.mean(models, model -> model.norm()));
        }
    }

    Tensor embedding() {
        return embedding;
    }

    Tensor norm() {
        return norm;
    }
}
