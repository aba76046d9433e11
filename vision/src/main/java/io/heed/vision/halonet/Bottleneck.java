package io.heed.vision.halonet;

import java.util.List;

import org.bytedeco.pytorch.BatchNorm2dImpl;
import org.bytedeco.pytorch.BatchNormOptions;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.NeighborhoodSpec;
import io.heed.nn.ComposedNeighborhood;
import io.heed.nn.Heads;
import io.heed.tensor.Ops;
import io.heed.vision.Convolutions;

/**
 * 1 x 1 convolution, inner layer, 1 x 1 convolution, each with a batch norm, around a residual connection. Parameters
 * {@code conv1.*}, {@code norm1.*}, {@code attn.*} or {@code conv2.*} or {@code qkv.*}, {@code norm2.*},
 * {@code conv3.*}, {@code norm3.*}, and {@code shortcut.*}, {@code shortcut_norm.*} where shapes change.
 */
final class Bottleneck extends Module {
    private final HaloNetConfig config;
    private final int stride;
    private final int heads;
    private final Conv2dImpl conv1;
    private final BatchNorm2dImpl norm1;
    private final HaloAttention halo;
    private final Conv2dImpl conv2;
    private final Conv2dImpl qkv;
    private final BatchNorm2dImpl norm2;
    private final Conv2dImpl conv3;
    private final BatchNorm2dImpl norm3;
    private final Conv2dImpl shortcut;
    private final BatchNorm2dImpl shortcutNorm;
    private ComposedNeighborhood windows;

    Bottleneck(HaloNetConfig config, int stage, long in, int stride) {
        super("Bottleneck");
        this.config = config;
        this.stride = stride;
        long inner = config.widths().get(stage);
        long out = config.outWidth(stage);
        long values = config.inner() == HaloNetConfig.Inner.HALO ? Math.round(inner * config.valueRatio()) : inner;
        heads = Math.toIntExact(inner / config.headWidth());
        conv1 = register_module("conv1", Convolutions.of(in, inner, 1, 1, 0, false));
        norm1 = register_module("norm1", new BatchNorm2dImpl(new BatchNormOptions(inner)));
        halo = config.inner() != HaloNetConfig.Inner.HALO ? null : register_module("attn", new HaloAttention(
                new HaloConfig(inner, values, heads, config.headWidth(), config.block(), config.halo(), stride, false,
                false, false, false, false)));
        conv2 = config.inner() != HaloNetConfig.Inner.CONVOLUTION ? null
                : register_module("conv2", Convolutions.of(inner, inner, 3, stride, 1, false));
        qkv = config.inner() != HaloNetConfig.Inner.LOCAL ? null
                : register_module("qkv", Convolutions.of(inner, 3 * inner, 1, 1, 0, false));
        norm2 = register_module("norm2", new BatchNorm2dImpl(new BatchNormOptions(values)));
        conv3 = register_module("conv3", Convolutions.of(values, out, 1, 1, 0, false));
        norm3 = register_module("norm3", new BatchNorm2dImpl(new BatchNormOptions(out)));
        boolean changes = stride > 1 || in != out;
        shortcut = changes ? register_module("shortcut", Convolutions.of(in, out, 1, stride, 0, false)) : null;
        shortcutNorm = changes ? register_module("shortcut_norm", new BatchNorm2dImpl(new BatchNormOptions(out)))
                : null;
    }

    /** (B, C, H, W) to (B, C', H / stride, W / stride). */
    Tensor forward(Tensor x) {
        Tensor y = inner(torch.relu(norm1.forward(conv1.forward(x))));
        y = norm3.forward(conv3.forward(torch.relu(norm2.forward(y))));
        return torch.relu(y.add(shortcut == null ? x : shortcutNorm.forward(shortcut.forward(x))));
    }

    private Tensor inner(Tensor x) {
        if (halo != null) {
            return halo.forward(x);
        }
        return conv2 != null ? conv2.forward(x) : local(x);
    }

    /** Attention of every pixel to the pixels around it, with strided pixels kept. */
    private Tensor local(Tensor x) {
        Tensor[] qkvHeads = Heads.unpack(qkv.forward(x).flatten(2, 3).transpose(1, 2), heads, heads);
        Tensor out = Heads.merge(windows(x).apply(qkvHeads[0], qkvHeads[1], qkvHeads[2], null).out());
        Tensor map = out.transpose(1, 2).unflatten(2, x.size(2), x.size(3));
        return stride == 1 ? map : Ops.slice(Ops.slice(map, 2, 0, x.size(2), stride), 3, 0, x.size(3), stride);
    }

    private ComposedNeighborhood windows(Tensor x) {
        int[] sizes = {Math.toIntExact(x.size(2)), Math.toIntExact(x.size(3))};
        if (windows == null || !List.of(sizes[0], sizes[1]).equals(List.of(windows.spec().sizes()[0],
                windows.spec().sizes()[1]))) {
            int kernel = 2 * config.halo() + 1;
            windows = new ComposedNeighborhood(NeighborhoodSpec.of(sizes, Math.min(kernel, sizes[0]),
                    Math.min(kernel, sizes[1])));
        }
        return windows;
    }
}
