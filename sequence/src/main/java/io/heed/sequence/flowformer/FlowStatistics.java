package io.heed.sequence.flowformer;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.AttentionCall;
import io.heed.nn.AttentionObserver;
import io.heed.sequence.Backbone;
import io.heed.sequence.MixerContext;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

/**
 * What an attention matrix is like.
 *
 * @param entropy mean entropy of its rows, each over its sum, nats
 * @param spread  standard deviation over mean of its columns' sums: how unequal keys are
 */
record FlowStatistics(double entropy, double spread) {
    private static final int TOKENS = 64;
    private static final int SEQUENCES = 16;

    /** Of the first layer, on random inputs. */
    static FlowStatistics of(Backbone backbone) {
        backbone.eval();
        FlowStatistics[] found = new FlowStatistics[1];
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            Seeds.seedTorch(0, "statistics", 0);
            Tensor x = Ops.scale(torch.randn(SEQUENCES, TOKENS, backbone.config().width()), 0.02);
            backbone.forward(x, MixerContext.plain().withObserver(new AttentionObserver() {
                @Override
                public Tensor heads(int layer, AttentionCall call, Tensor outputs) {
                    if (layer == 0) {
                        found[0] = of(call.weights(0, TOKENS));
                    }
                    return outputs;
                }
            }));
        }
        return found[0];
    }

    private static FlowStatistics of(Tensor weights) {
        Tensor rows = weights.div(weights.sum(new long[] {-1}, true, null));
        double entropy = torch.special_entr(rows).sum(new long[] {-1}, false, null).mean().item_double();
        Tensor columns = weights.sum(new long[] {-2}, false, null); // (B, H, N)
        Tensor mean = columns.mean(new long[] {-1}, true, null);
        double spread = columns.sub(mean).square().mean(new long[] {-1}, true,
                null).sqrt().div(mean).mean().item_double();
        return new FlowStatistics(entropy, spread);
    }
}
