package io.heed.insight;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.AttentionCall;
import io.heed.nn.AttentionObserver;

/**
 * How much worse a model predicts without each head.
 *
 * @param loss     cross-entropy in nats a token of the model as it is
 * @param increase what it rises by when the head is taken away: (L, H); NaN where the layer has no heads to take away
 */
public record HeadImportance(double loss, double[][] increase) {
    /** How a head is taken away. */
    public enum Removal {
        /** Its output becomes 0. */
        ZERO,
        /** Its output becomes its mean over the text. */
        MEAN;

        Intervention of(int layer, int head) {
            return this == ZERO ? new Intervention.Zero(layer, head) : new Intervention.Mean(layer, head);
        }
    }

    static HeadImportance of(Probe probe, Tensor tokens, Removal removal) {
        ProbedModel model = probe.model();
        double loss = probe.loss(tokens, List.of());
        Set<Integer> attending = attending(model, tokens);
        double[][] increase = new double[model.layers()][model.heads()];
        for (int layer = 0; layer < model.layers(); layer++) {
            for (int head = 0; head < model.heads(); head++) {
                increase[layer][head] = attending.contains(layer)
                        ? probe.loss(tokens, List.of(removal.of(layer, head))) - loss : Double.NaN;
            }
        }
        return new HeadImportance(loss, increase);
    }

    /** The layers that have heads. */
    private static Set<Integer> attending(ProbedModel model, Tensor tokens) {
        Set<Integer> layers = new HashSet<>();
        try (PointerScope _ = new PointerScope()) {
            model.logits(tokens, new AttentionObserver() {
                @Override
                public Tensor heads(int layer, AttentionCall call, Tensor outputs) {
                    layers.add(layer);
                    return outputs;
                }
            });
        }
        return layers;
    }
}
