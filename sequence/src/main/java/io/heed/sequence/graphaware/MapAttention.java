package io.heed.sequence.graphaware;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Rotary;

/**
 * Causal softmax attention that keeps its maps, as the decoder layers of the paper need them.
 *
 * <p>Parameters {@code q_proj.weight}, {@code k_proj.weight}, {@code v_proj.weight}, {@code o_proj.weight}.
 */
final class MapAttention extends Module {
    private final GraphAwareConfig config;
    private final Rotary rotary;
    private final LoraLinear query;
    private final LoraLinear key;
    private final LoraLinear value;
    private final LinearImpl output;

    /** @param rank of the low-rank updates of q, k and v, 0 for none */
    MapAttention(GraphAwareConfig config, int rank) {
        super("MapAttention");
        this.config = config;
        rotary = new Rotary(config.headWidth(), config.ropeBase(), Rotary.Layout.HALVES);
        query = new LoraLinear(this, "q_proj", Scores.projection(config, config.heads()), rank);
        key = new LoraLinear(this, "k_proj", Scores.projection(config, config.keyValueHeads()), rank);
        value = new LoraLinear(this, "v_proj", Scores.projection(config, config.keyValueHeads()), rank);
        output = register_module("o_proj", Initialisation.linear(config.heads() * config.headWidth(), config.width(),
                config.bias()));
    }

    /** (B, H, N, N) for x (B, N, D). */
    Tensor map(Tensor x) {
        Tensor q = rotary.apply(Heads.split(query.forward(x), config.heads()), 0);
        Tensor k = rotary.apply(Heads.split(key.forward(x), config.keyValueHeads()), 0);
        Tensor hidden = Scores.hidden(x.size(1), x.size(1), config.causal(), null);
        return Scores.weights(Scores.hide(Scores.of(q, Heads.repeat(k, config.heads())), hidden), config);
    }

    /** (B, N, D) of x (B, N, D) and its map. */
    Tensor forward(Tensor x, Tensor map) {
        Tensor v = Heads.repeat(Heads.split(value.forward(x), config.keyValueHeads()), config.heads());
        return output.forward(Heads.merge(map.matmul(v)));
    }
}
