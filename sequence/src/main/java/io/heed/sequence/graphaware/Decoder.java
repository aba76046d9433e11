package io.heed.sequence.graphaware;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Form;
import io.heed.nn.Initialisation;
import io.heed.nn.Norm;
import io.heed.tensor.Weights;

/**
 * A small Llama of {@link DecoderLayer}s, to be trained as it is or, frozen, with adapters.
 *
 * <p>Parameters {@code embed_tokens.weight (V,D)}, which is also the head, {@code layers.l.*}, {@code norm.weight (D)}.
 */
final class Decoder extends Module {
    private final Tensor embedding;
    private final List<DecoderLayer> layers = new ArrayList<>();
    private final Norm norm;

    /**
     * What changes a decoder's layers.
     *
     * @param sparse a GIN in every layer, its initial factor rising to {@code lastScale} at the last; null for none
     * @param rank   of low-rank updates of q, k and v, 0 for none
     */
    record Adapter(SparseGinConfig sparse, double lastScale, int rank) {
        static final Adapter NONE = new Adapter(null, 0, 0);
    }

    Decoder(int vocabulary, int count, GraphAwareConfig config, long hidden, Adapter adapter) {
        super("Decoder");
        EmbeddingImpl table = register_module("embed_tokens", new EmbeddingImpl(vocabulary, config.width()));
        embedding = Initialisation.truncatedNormal(table.weight(), Initialisation.DEVIATION).retainReference();
        ModuleListImpl list = register_module("layers", new ModuleListImpl());
        for (int layer = 0; layer < count; layer++) {
            SparseGinConfig sparse = adapter.sparse == null ? null
                    : adapter.sparse.withScale(SparseGinConfig.scale(0, adapter.lastScale, layer, count));
            DecoderLayer built = new DecoderLayer(config, DecoderLayer.MlpKind.STANDARD, hidden, sparse, adapter.rank);
            list.push_back(built);
            layers.add(built);
        }
        norm = register_module("norm", new Norm.Rms(config.width(), config.epsilon()));
    }

    /** Tokens (B, N) to logits (B, N, V). */
    Tensor forward(Tensor tokens) {
        Tensor x = torch.embedding(embedding, tokens);
        for (DecoderLayer layer : layers) {
            x = layer.forward(x, Form.AUTO).out();
        }
        return torch.linear(norm.forward(x), embedding);
    }

    /**
     * Takes over the weights of {@code trained}, a decoder without adapters, and freezes them: only adapters are
     * trained.
     */
    void freeze(Decoder trained) {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            Map<String, Tensor> own = Weights.parameters(this);
            Weights.parameters(trained).forEach((name, weight) -> {
                own.get(name).copy_(weight);
                own.get(name).set_requires_grad(false);
            });
        }
    }

    /** Numbers that training changes. */
    long trainable() {
        try (PointerScope _ = new PointerScope()) {
            return Weights.parameters(this).values().stream().filter(Tensor::requires_grad).mapToLong(Tensor::numel)
                    .sum();
        }
    }

    /** Share of the GINs' edges that lead to another token, over all layers; NaN where there are no edges. */
    double offDiagonalShare(Tensor tokens) {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            Tensor x = torch.embedding(embedding, tokens);
            double all = 0;
            double own = 0;
            for (DecoderLayer layer : layers) {
                DecoderLayer.Trace trace = layer.forward(x, Form.AUTO);
                Tensor edges = layer.adjacency(trace.map()).ne(new Scalar(0));
                all += edges.sum().item_double();
                own += edges.diagonal(0, -2, -1).sum().item_double();
                x = trace.out();
            }
            return (all - own) / all;
        }
    }
}
