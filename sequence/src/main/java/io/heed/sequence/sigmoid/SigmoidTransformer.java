package io.heed.sequence.sigmoid;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.nn.Norm;
import io.heed.sequence.BackboneState;
import io.heed.sequence.MixerContext;

/**
 * The paper's language model: token embedding, blocks, a norm with eps 1e-6 and a linear map to the vocabulary.
 * Positions are the attention's business (RoPE or ALiBi). Weights and embedding start normal with deviation 0.02, cut
 * at two deviations.
 *
 * <p>Parameters {@code embedding.weight (V, D)}, {@code blocks.{l}.*}, {@code norm.*}, {@code head.weight (V, D)}.
 */
public final class SigmoidTransformer extends Module {
    /** A target of this value does not count. */
    public static final long IGNORED = -100;

    private static final double FINAL_EPSILON = 1e-6;

    private final EmbeddingImpl embedding;
    private final List<SigmoidBlock> blocks = new ArrayList<>();
    private final Norm norm;
    private final LinearImpl head;

    /**
     * @param vocabulary V, tokens
     * @param layers     blocks
     * @param block      what each block is built from
     */
    public SigmoidTransformer(int vocabulary, int layers, SigmoidBlockConfig block) {
        super("SigmoidTransformer");
        long width = block.attention().width();
        embedding = register_module("embedding", new EmbeddingImpl(vocabulary, width));
        Initialisation.truncatedNormal(embedding.weight(), Initialisation.DEVIATION);
        ModuleListImpl list = register_module("blocks", new ModuleListImpl());
        for (int l = 0; l < layers; l++) {
            SigmoidBlock next = new SigmoidBlock(block);
            list.push_back(next);
            blocks.add(next);
        }
        norm = register_module("norm", new Norm.Layer(width, FINAL_EPSILON));
        head = register_module("head", Initialisation.linear(width, vocabulary, false));
    }

    /** Token ids (B, N) to logits (B, N, V). */
    public Tensor forward(Tensor tokens, MixerContext context) {
        Tensor h = embedding.forward(tokens);
        for (SigmoidBlock block : blocks) {
            h = block.forward(h, context);
        }
        return head.forward(norm.forward(h));
    }

    /** Cross-entropy in nats, the mean over targets (B, N) that are not {@link #IGNORED}. */
    public Tensor loss(Tensor tokens, Tensor targets, MixerContext context) {
        return torch.cross_entropy(forward(tokens, context).flatten(0, 1), targets.flatten());
    }

    /** Empty key/value caches for {@code batch} sequences. */
    public BackboneState state(long batch) {
        return new BackboneState(blocks.stream().map(SigmoidBlock::attention).toList(), batch);
    }

    /** The next tokens of each sequence, ids (B, N) to logits (B, N, V), without a gradient graph. */
    public Tensor prefill(Tensor tokens, BackboneState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor h = embedding.forward(tokens);
            for (int l = 0; l < blocks.size(); l++) {
                h = blocks.get(l).prefill(h, state.layer(l));
            }
            return head.forward(norm.forward(h));
        }
    }
}
