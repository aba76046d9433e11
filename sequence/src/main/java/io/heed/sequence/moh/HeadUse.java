package io.heed.sequence.moh;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.nn.AttentionCall;
import io.heed.nn.AttentionObserver;
import io.heed.tensor.Ops;

/** Looks on which heads tokens use: those whose gated output is not 0. */
public final class HeadUse implements AttentionObserver {
    private final List<double[]> shares = new ArrayList<>();

    @Override
    public Tensor heads(int layer, AttentionCall call, Tensor outputs) {
        Tensor used = outputs.ne(new Scalar(0)).any(-1, false).to(ScalarType.Double);            // (B, H, N)
        shares.add(Ops.doubles(used.mean(new long[] {0, 2}, false, new ScalarTypeOptional())));
        return outputs;
    }

    /**
     * Entropy of the use of the heads that some tokens leave off, over its largest value, mean over layers: 1 is even
     * use. NaN where every token uses every head.
     */
    public double entropy() {
        return shares.stream().map(layer -> Arrays.stream(layer).filter(share -> share < 1).toArray())
                .filter(routed -> routed.length > 1).mapToDouble(HeadUse::entropy).average().orElse(Double.NaN);
    }

    private static double entropy(double[] routed) {
        double sum = Arrays.stream(routed).sum();
        double entropy = -Arrays.stream(routed).filter(share -> share > 0)
                .map(share -> share / sum * Math.log(share / sum)).sum();
        return entropy / Math.log(routed.length);
    }
}
