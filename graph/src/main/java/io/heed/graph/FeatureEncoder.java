package io.heed.graph;

import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.NeighbourAggregation.Kind;
import io.heed.nn.Aggregation;
import io.heed.nn.Form;
import io.heed.nn.Registration;
import io.heed.tensor.Ops;

/**
 * Node features to vectors: a linear map of dense or sparse features, an embedding of categories. Sparse features are
 * never made dense: their product with the weight is a weighted sum of its rows. In training a share of their entries
 * is dropped, as graph convolutional networks do on bags of words. Parameters {@code weight (F, D)} and {@code bias}
 * (sparse), {@code linear.*} (dense) or {@code embedding.weight (F, D)}.
 */
public final class FeatureEncoder extends Module {
    private final int width;
    private final double dropout;
    private final LinearImpl linear;
    private final EmbeddingImpl embedding;
    private final Tensor weight;
    private final Tensor bias;

    /** For features of the same kind and width as {@code like}, without dropout. */
    public FeatureEncoder(NodeFeatures like, long outputs) {
        this(like, outputs, 0);
    }

    /** @param dropout share of the entries of sparse features that training drops */
    public FeatureEncoder(NodeFeatures like, long outputs, double dropout) {
        super("FeatureEncoder");
        this.dropout = dropout;
        width = like.width();
        linear = like instanceof NodeFeatures.Dense
                ? register_module("linear", new LinearImpl(width, outputs)) : null;
        embedding = like instanceof NodeFeatures.Categories
                ? register_module("embedding", new EmbeddingImpl(width, outputs)) : null;
        if (like instanceof NodeFeatures.Sparse) {
            weight = Registration.parameter(this, "weight", Linears.uniform(1 / Math.sqrt(Math.max(1, outputs)), width,
                    outputs));
            bias = Registration.parameter(this, "bias", torch.zeros(outputs));
        } else {
            weight = null;
            bias = null;
        }
    }

    /**
     * Encodes.
     *
     * @return (N, D)
     * @throws IllegalArgumentException when the features have another kind or width than those it was built for
     */
    public Tensor forward(NodeFeatures features, Form form) {
        if (features.width() != width) {
            throw new IllegalArgumentException("features are " + features.width() + " wide, the model takes " + width);
        }
        return switch (features) {
            case NodeFeatures.Dense dense when linear != null ->
                linear.forward(Ops.of(dense.values(), dense.nodes(), dense.width()));
            case NodeFeatures.Categories categories when embedding != null ->
                embedding.forward(Ops.of(EdgeSoftmax.longs(categories.values())));
            case NodeFeatures.Sparse sparse when weight != null ->
                Aggregation.apply(Kind.SUM, sparse.entries(), weight, kept(sparse), form).add(bias);
            default -> throw new IllegalArgumentException("the model was built for another kind of features than "
                    + features.getClass().getSimpleName());
        };
    }

    /** The values, in training with some of them dropped and the others scaled up; null when all are 1. */
    private float[] kept(NodeFeatures.Sparse features) {
        if (dropout == 0 || !is_training()) {
            return features.values();
        }
        Tensor values = features.values() == null ? torch.ones(features.entries().edges()) : Ops.of(features.values());
        return Ops.floats(torch.dropout(values, dropout, true));
    }
}
