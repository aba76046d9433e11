package io.heed.vision.halonet;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.BatchNorm2dImpl;
import org.bytedeco.pytorch.BatchNormOptions;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.MaxPool2dImpl;
import org.bytedeco.pytorch.MaxPool2dOptions;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Initialisation;
import io.heed.vision.Convolutions;

/**
 * The HaloNet classifier. Parameters {@code stem.*}, {@code stem_norm.*}, {@code stages.{s}.{l}.*} (see
 * {@link Bottleneck}), {@code last.*}, {@code head.*}.
 */
public final class HaloNet extends Module {
    private final HaloNetConfig config;
    private final Conv2dImpl stem;
    private final BatchNorm2dImpl stemNorm;
    private final MaxPool2dImpl pool;
    private final List<Bottleneck> bottlenecks = new ArrayList<>();
    private final Conv2dImpl last;
    private final LinearImpl head;

    /** Builds it with fresh weights. */
    public HaloNet(HaloNetConfig config) {
        super("HaloNet");
        this.config = config;
        boolean large = config.stem() == HaloNetConfig.Stem.IMAGES;
        stem = register_module("stem", Convolutions.of(config.channels(), config.stemWidth(), large ? 7 : 3, 2, large
                ? 3 : 1, false));
        stemNorm = register_module("stem_norm", new BatchNorm2dImpl(new BatchNormOptions(config.stemWidth())));
        pool = large ? new MaxPool2dImpl(options()) : null;
        ModuleListImpl stages = register_module("stages", new ModuleListImpl());
        long width = config.stemWidth();
        for (int stage = 0; stage < config.widths().size(); stage++) {
            ModuleListImpl list = new ModuleListImpl();
            for (int i = 0; i < config.depths().get(stage); i++) {
                Bottleneck bottleneck = new Bottleneck(config, stage, width, stage > 0 && i == 0 ? 2 : 1);
                list.push_back(bottleneck);
                bottlenecks.add(bottleneck);
                width = config.outWidth(stage);
            }
            stages.push_back(list);
        }
        last = config.lastWidth() == 0 ? null
                : register_module("last", Convolutions.of(width, config.lastWidth(), 1, 1, 0));
        head = register_module("head", Initialisation.linear(last == null ? width : config.lastWidth(),
                config.classes(), true));
    }

    private static MaxPool2dOptions options() {
        try (LongPointer three = new LongPointer(3, 3); LongPointer two = new LongPointer(2, 2);
                LongPointer one = new LongPointer(1, 1)) {
            MaxPool2dOptions options = new MaxPool2dOptions(three);
            options.stride().put(two);
            options.padding().put(one);
            return options;
        }
    }

    /** What it was built from. */
    public HaloNetConfig config() {
        return config;
    }

    /**
     * Logits of the classes.
     *
     * @param images (B, C, H, W) whose maps divide into blocks at every stage
     * @return (B, classes)
     */
    public Tensor forward(Tensor images) {
        Tensor x = torch.relu(stemNorm.forward(stem.forward(images)));
        x = pool == null ? x : pool.forward(x);
        for (Bottleneck bottleneck : bottlenecks) {
            x = bottleneck.forward(x);
        }
        x = last == null ? x : torch.relu(last.forward(x));
        return head.forward(x.mean(new long[] {2, 3}, false, new ScalarTypeOptional()));
    }
}
