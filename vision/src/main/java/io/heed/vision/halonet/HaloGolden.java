package io.heed.vision.halonet;

import java.util.Map;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenSubject;
import io.heed.sequence.GoldenConfig;

/** Builds what golden cases check. */
final class HaloGolden {
    private HaloGolden() { }

    /** The attention: input x (B, C, H, W), output y. */
    static GoldenSubject attention(GoldenCase golden) {
        GoldenConfig json = new GoldenConfig(golden.config());
        int width = json.integer("dim");
        int outWidth = json.integer("dim_out", width);
        int heads = json.integer("num_heads", 8);
        int keyWidth = json.integer("dim_head_qk", json.integer("dim_head",
                toMultipleOfEight(outWidth * json.number("qk_ratio", 1)) / heads));
        HaloAttention layer = new HaloAttention(new HaloConfig(width, outWidth, heads, keyWidth,
                json.integer("block_size", 8),
                json.integer("halo_size", 3), json.integer("stride", 1), json.flag("avg_down", false),
                json.flag("qkv_bias", false), json.flag("scale_pos_embed", false), false, false));
        return new GoldenSubject(layer, inputs -> Map.of("y", layer.forward(inputs.get("x"))));
    }

    /** The nearest multiple of 8 that is not more than a tenth smaller. */
    static int toMultipleOfEight(double value) {
        int multiple = Math.max(8, (int) (value + 4) / 8 * 8);
        return multiple < 0.9 * value ? multiple + 8 : multiple;
    }
}
