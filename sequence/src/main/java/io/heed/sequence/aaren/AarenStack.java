package io.heed.sequence.aaren;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.sequence.BackboneState;
import io.heed.sequence.MixerContext;

/**
 * Aaren layers one upon another, for streams of vectors: {@link #forward} over a whole sequence in training,
 * {@link #prefill} or {@link #step} over what has arrived, in memory that does not grow with the stream. Parameters
 * {@code layers.{l}.*}.
 */
public final class AarenStack extends Module {
    private final List<AarenLayer> layers = new ArrayList<>();

    /** Fresh weights from libtorch's default generator. */
    public AarenStack(AarenStackConfig config) {
        super("AarenStack");
        ModuleListImpl list = register_module("layers", new ModuleListImpl());
        for (int l = 0; l < config.layers(); l++) {
            AarenLayer layer = new AarenLayer(config);
            list.push_back(layer);
            layers.add(layer);
        }
    }

    /** All positions at once, (B, N, D) to (B, N, D); output t depends on inputs up to t. */
    public Tensor forward(Tensor x, MixerContext context) {
        Tensor h = x;
        for (AarenLayer layer : layers) {
            h = layer.forward(h, context);
        }
        return h;
    }

    /** The empty state of {@code batch} streams: (2 + d) floats a head and layer. */
    public BackboneState state(long batch) {
        return new BackboneState(layers.stream().map(AarenLayer::attention).toList(), batch);
    }

    /** The next token of each stream, (B, D) to (B, D), without a gradient graph. */
    public Tensor step(Tensor x, BackboneState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    /** The next chunk of each stream, (B, N, D) to (B, N, D), without a gradient graph. */
    public Tensor prefill(Tensor x, BackboneState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor h = x;
            for (int l = 0; l < layers.size(); l++) {
                h = layers.get(l).prefill(h, state.layer(l));
            }
            return h;
        }
    }
}
