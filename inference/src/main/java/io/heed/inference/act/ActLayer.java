package io.heed.inference.act;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.LinearOptions;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.nn.ComposedAttention;
import io.heed.nn.Heads;
import io.heed.nn.Rotary;

/**
 * A causal attention layer with calibration, in libtorch operations. Parameters {@code q_proj.weight (H d, D)},
 * {@code k_proj.weight (G d, D)}, {@code v_proj.weight}, {@code o_proj.weight (D, H d)}.
 */
public final class ActLayer extends Module {
    /**
     * What it gives.
     *
     * @param output (B, N, D)
     * @param before the maps as softmax gives them, (B, H, N, N)
     * @param map    the calibrated maps and their sinks
     */
    public record Output(Tensor output, Tensor before, SinkMap map) { }

    private final int heads;
    private final int keyValueHeads;
    private final int[] chosen;
    private final Calibration calibration;
    private final Rotary rotary;
    private final LinearImpl q;
    private final LinearImpl k;
    private final LinearImpl v;
    private final LinearImpl o;

    /** @param chosen heads that are calibrated */
    public ActLayer(long width, int heads, int keyValueHeads, double base, int[] chosen, Calibration calibration) {
        super("ActLayer");
        long headWidth = width / heads;
        this.heads = heads;
        this.keyValueHeads = keyValueHeads;
        this.chosen = chosen.clone();
        this.calibration = calibration;
        rotary = new Rotary(headWidth, base, Rotary.Layout.HALVES);
        q = linear("q_proj", width, heads * headWidth);
        k = linear("k_proj", width, keyValueHeads * headWidth);
        v = linear("v_proj", width, keyValueHeads * headWidth);
        o = linear("o_proj", heads * headWidth, width);
    }

    private LinearImpl linear(String name, long in, long out) {
        LinearOptions options = new LinearOptions(in, out);
        options.bias().put(false);
        return register_module(name, new LinearImpl(options));
    }

    /** Hidden states (B, N, D), at positions 0 to N - 1. */
    public Output forward(Tensor x) {
        Tensor queries = rotary.apply(Heads.split(q.forward(x), heads), 0); // (B, H, N, d)
        Tensor keys = rotary.apply(Heads.split(k.forward(x), keyValueHeads), 0);
        Tensor values = Heads.split(v.forward(x), keyValueHeads);
        Tensor before = ComposedAttention.weights(queries, keys, AttentionSpec.softmax().withMask(Mask.causal()));
        SinkMap map = SinkMap.of(before, chosen, calibration);
        return new Output(o.forward(Heads.merge(ComposedAttention.apply(map.attention(), values))), before, map);
    }
}
