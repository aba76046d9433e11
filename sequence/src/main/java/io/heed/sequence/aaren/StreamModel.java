package io.heed.sequence.aaren;

import java.util.function.UnaryOperator;

import org.bytedeco.pytorch.GRUImpl;
import org.bytedeco.pytorch.GRUOptions;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

import io.heed.sequence.Backbone;
import io.heed.sequence.BackboneConfig;
import io.heed.sequence.MixerContext;

/** A model of a stream of vectors: a linear map in, a causal body, a linear map out: (B, N, C) to (B, N, outputs). */
final class StreamModel extends Module {
    private static final int LAYERS = 2;

    private final LinearImpl in;
    private final UnaryOperator<Tensor> body;
    private final LinearImpl out;

    private StreamModel(String name, long inputs, long width, long outputs) {
        super(name);
        in = register_module("in", new LinearImpl(inputs, width));
        out = register_module("out", new LinearImpl(width, outputs));
        body = switch (name) {
            case "gru" -> gru(width);
            default -> backbone(name, width);
        };
    }

    /** With the body {@code name}: a mixer's id, or {@code gru}; two layers. */
    static StreamModel of(String name, long inputs, long width, long outputs) {
        return new StreamModel(name, inputs, width, outputs);
    }

    private UnaryOperator<Tensor> gru(long width) {
        GRUOptions options = new GRUOptions(width, width);
        options.num_layers().put(LAYERS);
        options.batch_first().put(true);
        GRUImpl gru = register_module("gru", new GRUImpl(options));
        return x -> gru.forward(x).get0();
    }

    private UnaryOperator<Tensor> backbone(String mixer, long width) {
        Backbone backbone = register_module("backbone",
                new Backbone(BackboneConfig.of(mixer, width, LAYERS, StreamTask.LENGTH)));
        return x -> backbone.forward(x, MixerContext.plain());
    }

    Tensor forward(Tensor x) {
        return out.forward(body.apply(in.forward(x)));
    }
}
