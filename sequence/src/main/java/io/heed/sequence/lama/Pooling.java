package io.heed.sequence.lama;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/** Turns the words of each document into one vector. */
public abstract class Pooling extends Module {
    /** @param name what the module is called in messages */
    protected Pooling(String name) {
        super(name);
    }

    /**
     * What comes out.
     *
     * @param attention what each head pays each word, (B, m, T); null where there is nothing like it
     * @param document  (B, W)
     */
    public record Pooled(Tensor attention, Tensor document) { }

    /**
     * Pools.
     *
     * @param states (B, T, D), 0 at padded words
     * @param mask   (B, T) bool, true at real words, of which each document has one at least
     */
    public abstract Pooled pool(Tensor states, Tensor mask);

    /** W, width of a document's vector. */
    public abstract long width();

    /** Trained numbers of the attention itself. */
    public abstract long attentionParameters();
}
