package io.heed.sequence.dsf;

import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.Initialisation;
import io.heed.nn.Norm;

/**
 * One pre-norm residual block of a qLSTM between an embedding and a head. What it answers after the last token is all
 * from the qLSTM's state.
 */
final class MemoryModel extends Module {
    private final EmbeddingImpl embedding;
    private final Norm mixerNorm;
    private final QuasiLstm mixer;
    private final Norm headNorm;
    private final LinearImpl head;

    MemoryModel(long vocabulary, long width, boolean reversed) {
        super("MemoryModel");
        embedding = register_module("embedding", new EmbeddingImpl(vocabulary, width));
        Initialisation.truncatedNormal(embedding.weight(), Initialisation.DEVIATION);
        mixerNorm = register_module("norm1", new Norm.Layer(width));
        mixer = register_module("mixer", new QuasiLstm(width, 2 * width, 4, reversed));
        headNorm = register_module("norm2", new Norm.Layer(width));
        head = register_module("head", Initialisation.linear(width, vocabulary, false));
    }

    /** Logits after the last token, (B, V), of tokens (B, N). */
    Tensor forward(Tensor tokens) {
        Tensor x = embedding.forward(tokens);
        Tensor last = x.add(mixer.forward(mixerNorm.forward(x))).select(1, -1);
        return head.forward(headNorm.forward(last));
    }

    /** The forget factors at every token, (B, N, h). */
    Tensor forgetFactors(Tensor tokens) {
        return mixer.forgetFactors(mixerNorm.forward(embedding.forward(tokens)));
    }
}
