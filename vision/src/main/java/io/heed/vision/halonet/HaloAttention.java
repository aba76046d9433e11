package io.heed.vision.halonet;

import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.AvgPool2dImpl;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.Conv2dOptions;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.AttentionCall;
import io.heed.nn.Initialisation;
import io.heed.nn.Registration;
import io.heed.tensor.Ops;

/**
 * Halo attention on feature maps (B, C, H, W); see the package for the equations.
 *
 * <p>Parameters {@code q.weight (heads d_k, C, 1, 1)}, {@code kv.weight (heads (d_k + d_v), C, 1, 1)}, {@code q.bias},
 * {@code kv.bias} if asked, {@code pos_embed.height_rel (2w - 1, d_k)}, {@code pos_embed.width_rel (2w - 1, d_k)}.
 */
public final class HaloAttention extends Module {
    /** A logit that hides a key, finite so that a window without keys stays finite. */
    private static final double HIDDEN = -1e4;

    /** The relative tables. */
    private static final class Positions extends Module {
        final Tensor height;
        final Tensor width;

        Positions(HaloConfig config) {
            super("Positions");
            long offsets = 2L * config.window() - 1;
            double deviation = 1 / Math.sqrt(config.keyWidth());
            height = Registration.parameter(this, "height_rel",
                    Initialisation.truncatedNormal(torch.empty(offsets, config.keyWidth()), deviation));
            width = Registration.parameter(this, "width_rel",
                    Initialisation.truncatedNormal(torch.empty(offsets, config.keyWidth()), deviation));
        }
    }

    private final HaloConfig config;
    private final Conv2dImpl q;
    private final Conv2dImpl kv;
    private final Positions positions;

    /** Builds it with fresh weights. */
    public HaloAttention(HaloConfig config) {
        super("HaloAttention");
        this.config = config;
        q = register_module("q", projection(config, (long) config.heads() * config.keyWidth(), config.queryStep()));
        kv = register_module("kv", projection(config, config.heads() * ((long) config.keyWidth() + config.valueWidth()),
                1));
        positions = register_module("pos_embed", new Positions(config));
    }

    private static Conv2dImpl projection(HaloConfig config, long out, long stride) {
        try (LongPointer one = new LongPointer(1, 1); LongPointer step = new LongPointer(stride, stride)) {
            Conv2dOptions options = new Conv2dOptions(config.width(), out, one);
            options.stride().put(step);
            options.bias().put(config.bias());
            Conv2dImpl convolution = new Conv2dImpl(options);
            try (NoGradGuard _ = new NoGradGuard()) {
                Initialisation.truncatedNormal(convolution.weight(), 1 / Math.sqrt(config.width()));
                if (config.bias()) {
                    convolution.bias().zero_();
                }
            }
            return convolution;
        }
    }

    /** What it was built from. */
    public HaloConfig config() {
        return config;
    }

    /**
     * Mixes a feature map.
     *
     * @param x (B, C, H, W), H and W multiples of the block
     * @return (B, heads d_v, H / stride, W / stride)
     * @throws IllegalArgumentException in one line when the map does not divide into blocks
     */
    public Tensor forward(Tensor x) {
        int b = config.block();
        if (x.dim() != 4 || x.size(1) != config.width() || x.size(2) % b != 0 || x.size(3) % b != 0) {
            throw new IllegalArgumentException("halo attention takes (B, " + config.width()
                    + ", H, W) with H and W multiples of the" + " block size " + b + ", got " + Ops.shape(x));
        }
        long down = x.size(2) / b;
        long across = x.size(3) / b;
        Tensor queries = queries(q.forward(x), down, across);                // (B nb, n, b'^2, dk)
        Tensor windows = windows(kv.forward(x));                             // (B nb, n, w^2, dk + dv)
        Tensor keys = windows.narrow(-1, 0, config.keyWidth());
        Tensor values = windows.narrow(-1, config.keyWidth(), config.valueWidth());
        Tensor out = inBlocks(queries, keys, x).matmul(values);
        Tensor map = fold(out, x.size(0), down, across);
        if (!config.pools()) {
            return map;
        }
        try (LongPointer two = new LongPointer(2, 2); AvgPool2dImpl pool = new AvgPool2dImpl(two)) {
            return pool.forward(map);
        }
    }

    /** (B, n dk, H', W') to (B nb, n, b'^2, dk). */
    private Tensor queries(Tensor map, long down, long across) {
        int b = config.queries();
        return map.view(map.size(0), config.heads(), config.keyWidth(), down, b, across, b).permute(0, 3, 5, 1, 4, 6, 2)
                .reshape(map.size(0) * down * across, config.heads(), (long) b * b, config.keyWidth());
    }

    /** (B, n (dk + dv), H, W) to (B nb, n, w^2, dk + dv). */
    private Tensor windows(Tensor map) {
        int h = config.halo();
        int w = config.window();
        Tensor padded = torch.constant_pad_nd(map, new long[] {h, h, h, h}, new Scalar(0));
        Tensor cut = padded.unfold(2, w, config.block()).unfold(3, w, config.block()); // (B, n d, nh, nw, w, w)
        return cut.unflatten(1, config.heads(), cut.size(1) / config.heads()).permute(0, 3, 4, 1, 5, 6, 2)
                .flatten(4, 5).flatten(0, 2).contiguous();
    }

    /** (B nb, n, b'^2, dv) to (B, n dv, H', W'). */
    private Tensor fold(Tensor out, long batch, long down, long across) {
        int b = config.queries();
        return out.reshape(batch, down, across, config.heads(), b, b, config.valueWidth()).permute(0, 3, 6, 1, 4, 2, 5)
                .reshape(batch, config.outWidth(), down * b, across * b);
    }

    /**
     * The attention matrix over pixels in raster order, (B, heads, H' W', H W); what a query spends on keys outside of
     * the image, whose values are zeros, is missing from its row. Before pooling, where outputs are pooled.
     */
    public Tensor weights(Tensor x) {
        long down = x.size(2) / config.block();
        long across = x.size(3) / config.block();
        long pixels = x.size(2) * x.size(3);
        Tensor keys = windows(kv.forward(x)).narrow(-1, 0, config.keyWidth());
        Tensor weights = inBlocks(queries(q.forward(x), down, across), keys, x)
                .unflatten(0, x.size(0), down * across);                       // (B, nb, n, b'^2, w^2)
        long[] shape = weights.shape();
        shape[4] = pixels + 1;
        Tensor index = Ops.of(pixelsOfWindows(down, across), 1, down * across, 1, 1, weights.size(4))
                .to(x.device(), torch.ScalarType.Long).expand_as(weights);
        Tensor matrix = x.new_zeros(shape).scatter_add(-1, index, weights).narrow(-1, 0, pixels);
        int b = config.queries();
        return matrix.reshape(x.size(0), down, across, config.heads(), b, b, pixels).permute(0, 3, 1, 4, 2, 5, 6)
                .reshape(x.size(0), config.heads(), -1, pixels);
    }

    /** What an observer is shown: queries, keys and values of all pixels, and {@link #weights}. For stride 1. */
    AttentionCall call(Tensor x) {
        Tensor queries = q.forward(x).flatten(2, 3).unflatten(1, config.heads(), -1).transpose(2, 3);
        // (B, n, N, dk + dv)
        Tensor packed = kv.forward(x).flatten(2, 3).unflatten(1, config.heads(), -1).transpose(2, 3);
        return new AttentionCall(queries, packed.narrow(-1, 0, config.keyWidth()),
                packed.narrow(-1, config.keyWidth(), config.valueWidth()),
                (from, count) -> weights(x).narrow(2, from, count));
    }

    /**
     * For each block and key of its window the key's pixel; the number of pixels where the key is outside of the image.
     */
    private long[] pixelsOfWindows(long down, long across) {
        int b = config.block();
        int w = config.window();
        long height = down * b;
        long width = across * b;
        long[] pixels = new long[Math.toIntExact(down * across * w * w)];
        for (int at = 0; at < pixels.length; at++) {
            int block = at / (w * w);
            long row = block / across * b - config.halo() + at % (w * w) / w;
            long column = block % across * b - config.halo() + at % w;
            boolean inside = row >= 0 && row < height && column >= 0 && column < width;
            pixels[at] = inside ? row * width + column : height * width;
        }
        return pixels;
    }

    /** The logits as the equations have them, then softmax: (B nb, n, b'^2, w^2). */
    private Tensor inBlocks(Tensor queries, Tensor keys, Tensor x) {
        int b = config.queries();
        int w = config.window();
        double scale = 1 / Math.sqrt(config.keyWidth());
        Tensor grid = queries.unflatten(2, b, b);                            // (G, n, b', b', dk)
        Tensor rows = Ops.einsum("gnijd,iud->gniju", grid, table(positions.height));
        Tensor columns = Ops.einsum("gnijd,jvd->gnijv", grid, table(positions.width));
        Tensor positional = rows.unsqueeze(-1).add(columns.unsqueeze(-2)).flatten(4, 5).flatten(2, 3);
        Tensor content = queries.matmul(keys.transpose(-2, -1));             // (G, n, b'^2, w^2)
        Tensor logits = config.scaled() ? Ops.scale(content.add(positional), scale)
                : Ops.scale(content, scale).add(positional);
        if (config.masked()) {
            logits = logits.add(Ops.scale(outside(x, w).view(-1, 1, 1, (long) w * w), HIDDEN));
        }
        return logits.softmax(-1);
    }

    /** Row i holds the entries for offsets -i .. w - 1 - i: (b', w, dk). */
    private Tensor table(Tensor relative) {
        int b = config.queries();
        int w = config.window();
        int step = config.trueOffsets() ? config.queryStep() : 1;
        long[] entries = new long[b * w];
        for (int i = 0; i < b; i++) {
            for (int u = 0; u < w; u++) {
                entries[i * w + u] = u - (long) i * step + w - 1;
            }
        }
        Tensor index = Ops.of(entries, entries.length).to(relative.device(), torch.ScalarType.Long);
        return relative.index_select(0, index).view(b, w, -1);
    }

    /** 1 for each key outside of the image, (B nb, w^2). */
    private Tensor outside(Tensor x, int w) {
        int h = config.halo();
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor inside = x.new_zeros(x.size(0), 1, x.size(2), x.size(3));
            return torch.constant_pad_nd(inside, new long[] {h, h, h, h}, new Scalar(1)).unfold(2, w, config.block())
                    .unfold(3, w, config.block()).reshape(-1, (long) w * w);
        }
    }
}
