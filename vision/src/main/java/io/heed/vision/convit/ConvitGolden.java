package io.heed.vision.convit;

import java.util.Map;

import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.nn.Form;
import io.heed.sequence.GoldenConfig;
import io.heed.sequence.MixerContext;

/** Builds what golden cases check. */
final class ConvitGolden {
    private ConvitGolden() { }

    /** The layer alone: tokens x (B, N, D) of a square grid, output y. */
    static GoldenSubject layer(GoldenCase golden, Form form) {
        GatedPositionalAttention layer = layer(golden);
        return new GoldenSubject(layer, inputs ->
                Map.of("y", layer.forward(grid(inputs.get("x")), MixerContext.of(form)).flatten(1, 2)));
    }

    /** The start as a convolution: the maps and how far heads look. */
    static GoldenSubject start(GoldenCase golden) {
        GatedPositionalAttention layer = layer(golden);
        return new GoldenSubject(layer, inputs -> {
            Tensor x = grid(inputs.get("x"));
            return Map.of("attention", layer.maps(x), "mean_distance", layer.meanDistance(x));
        });
    }

    /** A block. */
    static GoldenSubject block(GoldenCase golden, Form form) {
        GoldenConfig json = new GoldenConfig(golden.config());
        ConvitConfig config = new ConvitConfig(1, 1, 1, 1, json.integer("dim"), 1, json.integer("num_heads"),
                json.number("mlp_ratio", 4), json.flag("qkv_bias", false), 1, json.number("locality_strength", 1), true,
                false, json.number("ln_eps", 1e-5), 0);
        ConvitBlock block = new ConvitBlock(config, json.flag("use_gpsa", true), 0);
        return new GoldenSubject(block, inputs -> Map.of("y", block.forward(inputs.get("x"), side(inputs.get("x")),
                MixerContext.of(form))));
    }

    /** The classifier. */
    static GoldenSubject model(GoldenCase golden, Form form) {
        GoldenConfig json = new GoldenConfig(golden.config());
        Convit model = new Convit(new ConvitConfig(json.integer("img"), json.integer("patch"), json.integer("ch", 3),
                json.integer("classes"), json.integer("dim"), json.integer("depth"), json.integer("heads"),
                json.number("mlp", 4), json.flag("bias", false), json.integer("local", 10), json.number("loc", 1), true,
                json.flag("pos", true), json.number("ln_eps", 1e-5), 0));
        return new GoldenSubject(model, inputs -> Map.of("y", model.forward(inputs.get("x"), MixerContext.of(form))));
    }

    static GatedPositionalAttention layer(GoldenCase golden) {
        GoldenConfig json = new GoldenConfig(golden.config());
        return new GatedPositionalAttention(json.integer("dim"), json.integer("num_heads"),
                json.flag("qkv_bias", false),
                new GatedPositionalAttention.Start(json.flag("use_local_init", true),
                json.number("locality_strength", 1)), 0);
    }

    private static long side(Tensor x) {
        return Math.round(Math.sqrt(x.size(1)));
    }

    private static Tensor grid(Tensor x) {
        return x.unflatten(1, side(x), side(x));
    }
}
