package io.heed.graph.transformer;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.graph.BatchNorm;
import io.heed.nn.Norm;

/**
 * What follows attention on one stream, nodes or edges: O, residual, norm, feed-forward, residual, norm. Its parts are
 * registered in the layer itself, under the official names: {@code O}, {@code layer_norm1}, {@code batch_norm1},
 * {@code FFN_layer1}, {@code FFN_layer2}, {@code layer_norm2}, {@code batch_norm2}, with the stream's mark ({@code _h},
 * {@code _e} or none).
 */
final class Stream {
    private final Module layer;
    private final GraphTransformerConfig config;
    private final LinearImpl output;
    private final LinearImpl up;
    private final LinearImpl down;
    private final Norm[] layerNorms = new Norm[2];
    private final BatchNorm[] batchNorms = new BatchNorm[2];

    Stream(Module layer, GraphTransformerConfig config, String mark) {
        this.layer = layer;
        this.config = config;
        int d = config.outWidth();
        output = layer.register_module("O" + mark, new LinearImpl(d, d));
        up = layer.register_module("FFN" + mark + "_layer1", new LinearImpl(d, 2L * d));
        down = layer.register_module("FFN" + mark + "_layer2", new LinearImpl(2L * d, d));
        for (int i = 0; i < 2; i++) {
            layerNorms[i] = config.layerNorm()
                    ? layer.register_module("layer_norm" + (i + 1) + mark, new Norm.Layer(d)) : null;
            batchNorms[i] = config.batchNorm()
                    ? layer.register_module("batch_norm" + (i + 1) + mark, new BatchNorm(d)) : null;
        }
    }

    /**
     * Runs it.
     *
     * @param before   (rows, D), the stream before the layer
     * @param attended (rows, D), what attention made of it
     * @return (rows, D)
     */
    Tensor forward(Tensor before, Tensor attended) {
        Tensor x = output.forward(drop(attended));
        x = norm(0, config.residual() ? before.add(x) : x);
        Tensor y = down.forward(drop(torch.relu(up.forward(x))));
        return norm(1, config.residual() ? x.add(y) : y);
    }

    private Tensor norm(int which, Tensor x) {
        Tensor y = layerNorms[which] == null ? x : layerNorms[which].forward(x);
        return batchNorms[which] == null ? y : batchNorms[which].forward(y);
    }

    private Tensor drop(Tensor x) {
        return config.dropout() > 0 && layer.is_training() ? torch.dropout(x, config.dropout(), true) : x;
    }
}
