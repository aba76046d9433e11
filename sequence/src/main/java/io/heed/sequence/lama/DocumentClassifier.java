package io.heed.sequence.lama;

import java.util.function.LongFunction;

import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.GRUImpl;
import org.bytedeco.pytorch.GRUOptions;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.nn.PackedRecurrence;

/**
 * Word embeddings, a GRU, a {@link Pooling} and a linear map to classes. Parameters {@code embedding.weight (V, E)},
 * {@code gru.*} as libtorch names them, {@code _attention.*}, {@code projection_layer.*}.
 */
public final class DocumentClassifier extends Module {
    private final EmbeddingImpl embedding;
    private final GRUImpl gru;
    private final Pooling pooling;
    private final LinearImpl projection;
    private final double dropout;

    /**
     * What it is built from.
     *
     * @param vocabulary    V
     * @param embed         E
     * @param hidden        g, width of the GRU in each direction
     * @param bidirectional whether it reads backwards too
     * @param classes       classes
     * @param dropout       on embeddings and states, in training
     */
    public record Options(int vocabulary, long embed, long hidden, boolean bidirectional, int classes, double dropout) {
        /** D, width of a state. */
        public long width() {
            return bidirectional ? 2 * hidden : hidden;
        }
    }

    /** @param pooling builds a module for states of width D */
    public DocumentClassifier(Options options, LongFunction<Pooling> pooling) {
        super("DocumentClassifier");
        dropout = options.dropout();
        embedding = register_module("embedding", new EmbeddingImpl(options.vocabulary(), options.embed()));
        GRUOptions shape = new GRUOptions(options.embed(), options.hidden());
        shape.bidirectional().put(options.bidirectional());
        shape.batch_first().put(true);
        gru = register_module("gru", new GRUImpl(shape));
        this.pooling = register_module("_attention", pooling.apply(options.width()));
        projection = register_module("projection_layer", new LinearImpl(this.pooling.width(), options.classes()));
    }

    /** The pooling, with its parameter count. */
    Pooling pooling() {
        return pooling;
    }

    /** Logits (B, classes) and the attention (B, m, T), null where the pooling has none. */
    public record Classified(Tensor logits, Tensor attention) { }

    /**
     * Classifies documents.
     *
     * @param ids  (B, T) int64
     * @param mask (B, T) bool, true at real words, which stand first
     */
    public Classified forward(Tensor ids, Tensor mask) {
        Pooling.Pooled pooled = pooling.pool(states(ids, mask), mask);
        return new Classified(projection.forward(pooled.document()), pooled.attention());
    }

    private Tensor states(Tensor ids, Tensor mask) {
        Tensor lengths = mask.sum(new long[] {1}, false, new ScalarTypeOptional(ScalarType.Long));
        return drop(PackedRecurrence.gru(gru, drop(embedding.forward(ids)), lengths));
    }

    private Tensor drop(Tensor x) {
        return dropout > 0 && is_training() ? torch.dropout(x, dropout, true) : x;
    }
}
