package io.heed.sequence.cab;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.Mlp;
import io.heed.nn.Norm;
import io.heed.sequence.Backbone;
import io.heed.sequence.BackboneConfig;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerSpec;
import io.heed.sequence.Mixers;
import io.heed.sequence.SequenceMixer;

/**
 * A source read by softmax attention, and queries that attend to it through the mixer under test: what changes between
 * two of these is the cross-attention alone.
 *
 * <pre>
 *   memory = encoder(source);   x = x + self(norm x);   x = x + cross(norm x, memory);   x = x + mlp(norm x)
 * </pre>
 */
final class CrossModel extends Module {
    private static final int LAYERS = 2;

    /** One layer of the decoder; {@code cross} is null for the ablation without it. */
    private record Layer(Norm selfNorm, SequenceMixer self, Norm crossNorm, SequenceMixer cross, Norm mlpNorm,
            Mlp mlp) { }

    private final Backbone encoder;
    private final List<Layer> layers = new ArrayList<>();
    private final Norm norm;

    /**
     * @param mixer     the mixer under test, or null for the ablation
     * @param positions softmax attention's in encoder and decoder: {@code rotary} or {@code none}
     */
    CrossModel(String mixer, long width, boolean causal, String positions, long length) {
        super("CrossModel");
        MixerSpec softmax = MixerSpec.parse("softmax:positions=" + positions);
        int heads = (int) Math.max(1, width / 32);
        BackboneConfig standard = BackboneConfig.of("softmax", width, 1, length);
        encoder = register_module("encoder", new Backbone(new BackboneConfig(width, 1, heads, heads, length, 2 * width,
                standard.norm(), standard.mlp(), 0, false, List.of(softmax))));
        ModuleListImpl list = register_module("layers", new ModuleListImpl());
        MixerConfig config = MixerConfig.of(width, heads).withCausal(causal).withLength(length);
        for (int l = 0; l < LAYERS; l++) {
            MixerConfig at = config.atLayer(l, LAYERS);
            layers.add(new Layer(add(list, new Norm.Layer(width)), add(list, Mixers.build(softmax, at)),
                    add(list, new Norm.Layer(width)),
                    mixer == null ? null : add(list, Mixers.build(MixerSpec.parse(mixer), at)),
                    add(list, new Norm.Layer(width)), add(list, new Mlp.Gelu(width, 2 * width, LAYERS))));
        }
        norm = register_module("norm", new Norm.Layer(width));
    }

    private static <M extends Module> M add(ModuleListImpl list, M module) {
        list.push_back(module);
        return module;
    }

    /** Source (B, M, D) and queries (B, n, D) to (B, n, D). */
    Tensor forward(Tensor source, Tensor queries) {
        Tensor memory = encoder.forward(source, MixerContext.plain());
        MixerContext cross = MixerContext.plain().withMemory(memory, null);
        Tensor x = queries;
        for (Layer layer : layers) {
            x = x.add(layer.self.forward(layer.selfNorm.forward(x), MixerContext.plain()));
            if (layer.cross != null) {
                x = x.add(layer.cross.forward(layer.crossNorm.forward(x), cross));
            }
            x = x.add(layer.mlp.forward(layer.mlpNorm.forward(x)));
        }
        return norm.forward(x);
    }
}
