package io.heed.sequence.dsf;

import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/** One qLSTM between an embedding and a head: what it answers after the last token is all from its state. */
final class MemoryModel extends Module {
    private final EmbeddingImpl embedding;
    private final QuasiLstm mixer;
    private final LinearImpl head;

    MemoryModel(long vocabulary, long width, boolean reversed) {
        super("MemoryModel");
        embedding = register_module("embedding", new EmbeddingImpl(vocabulary, width));
        mixer = register_module("mixer", new QuasiLstm(width, 2 * width, 4, reversed));
        head = register_module("head", new LinearImpl(width, vocabulary));
    }

    /** Logits after the last token, (B, V), of tokens (B, N). */
    Tensor forward(Tensor tokens) {
        return head.forward(mixer.forward(embedding.forward(tokens)).select(1, -1));
    }

    /** The forget factors at every token, (B, N, h). */
    Tensor forgetFactors(Tensor tokens) {
        return mixer.forgetFactors(embedding.forward(tokens));
    }
}
