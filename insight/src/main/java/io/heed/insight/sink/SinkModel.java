package io.heed.insight.sink;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.insight.ProbedModel;
import io.heed.nn.AttentionObserver;
import io.heed.nn.Form;
import io.heed.nn.Norm;
import io.heed.nn.Registration;
import io.heed.tensor.Ops;

/**
 * The paper's language model with any of its attentions.
 *
 * <p>Parameters {@code lm_head.weight (V, D)}, {@code transformer.wte.weight (V, D)}, {@code transformer.h.N.*},
 * {@code transformer.ln_f.weight}; {@code wpe.weight (P, D)} of learned positions; {@code sink_token (D)}.
 */
public final class SinkModel extends Module implements ProbedModel {
    private static final AttentionObserver NOBODY = new AttentionObserver() { };

    private final SinkConfig config;
    private final LinearImpl head;
    private final EmbeddingImpl embedding;
    private final EmbeddingImpl positions;
    private final Tensor sinkToken;
    private final List<SinkBlock> blocks = new ArrayList<>();
    private final Norm norm;

    /** Fresh weights from libtorch's default generator. */
    public SinkModel(SinkConfig config) {
        super("GPT");
        this.config = config;
        int width = config.width();
        head = register_module("lm_head", FanIn.linear(width, config.vocabulary(), false));
        Module transformer = register_module("transformer", Registration.group());
        embedding = transformer.register_module("wte", embedding(config.vocabulary(), width));
        ModuleListImpl list = transformer.register_module("h", new ModuleListImpl());
        for (int l = 0; l < config.layers(); l++) {
            SinkBlock block = new SinkBlock(config);
            list.push_back(block);
            blocks.add(block);
        }
        norm = transformer.register_module("ln_f", SinkBlock.norm(config));
        positions = config.positions() == SinkConfig.Positions.LEARNABLE
                ? register_module("wpe", embedding(config.maxPositions(), width)) : null;
        sinkToken = config.sinkToken()
                ? Registration.parameter(this, "sink_token", torch.randn(width)
                .mul_(new Scalar(FanIn.deviation(width))))
                : null;
    }

    private static EmbeddingImpl embedding(long rows, long width) {
        EmbeddingImpl table = new EmbeddingImpl(rows, width);
        FanIn.normal(table.weight(), FanIn.deviation(width));
        return table;
    }

    /** What it was built from. */
    public SinkConfig config() {
        return config;
    }

    /**
     * Token ids (B, T) to logits (B, T, V).
     *
     * @param observer told of every layer
     */
    public Tensor forward(Tensor tokens, Form form, AttentionObserver observer) {
        Tensor h = embed(tokens);
        for (int l = 0; l < blocks.size(); l++) {
            int layer = l;
            h = blocks.get(l).forward(observer.hidden(l, h), (attention, x) -> {
                SinkAttention.Parts parts = attention.parts(x);
                return attention.output(observer.heads(layer, attention.call(parts), attention.heads(parts, form)));
            });
        }
        h = observer.hidden(blocks.size(), h);
        if (config.placement() != SinkConfig.Placement.POST) {
            h = norm.forward(h);
        }
        return head.forward(sinkToken == null ? h : h.narrow(1, 1, tokens.size(1)));
    }

    /** {@link #forward(Tensor, Form, AttentionObserver)} with nobody looking on. */
    public Tensor forward(Tensor tokens) {
        return forward(tokens, Form.AUTO, NOBODY);
    }

    /** Attention maps whose rows sum to 1, with their gradient graph: (B, L, H, T, T), or T + 1 with a learned key. */
    public Tensor maps(Tensor tokens) {
        Tensor h = embed(tokens);
        TensorVector maps = new TensorVector();
        for (SinkBlock block : blocks) {
            h = block.forward(h, (attention, x) -> {
                SinkAttention.Parts parts = attention.parts(x);
                maps.push_back(attention.map(parts));
                return attention.output(attention.heads(parts, Form.REFERENCE));
            });
        }
        return torch.stack(maps, 1);
    }

    private Tensor embed(Tensor tokens) {
        Tensor h = embedding.forward(tokens);
        if (sinkToken != null) {
            h = torch.cat(new TensorVector(sinkToken.expand(h.size(0), 1, h.size(2)), h), 1);
        }
        return switch (config.positions()) {
            case LEARNABLE -> h.add(positions.weight().narrow(0, 0, h.size(1)));
            case ABSOLUTE -> h.add(sinusoids(h.size(1)).to(h.device(), Ops.type(h)));
            default -> h;
        };
    }

    /** sin(p f) in the first half of the channels, cos(p f) in the second: (T, D). */
    private Tensor sinusoids(long length) {
        int half = config.width() / 2;
        float[] rows = new float[Math.toIntExact(length) * 2 * half];
        for (int p = 0; p < length; p++) {
            for (int i = 0; i < half; i++) {
                double angle = p * Math.pow(10_000, -(double) i / half);
                rows[p * 2 * half + i] = (float) Math.sin(angle);
                rows[p * 2 * half + half + i] = (float) Math.cos(angle);
            }
        }
        return Ops.of(rows, length, 2L * half);
    }

    @Override
    public int layers() {
        return config.layers();
    }

    @Override
    public int heads() {
        return config.heads();
    }

    @Override
    public int vocabulary() {
        return config.vocabulary();
    }

    @Override
    public boolean causal() {
        return config.prefix() == 0;
    }

    @Override
    public Tensor logits(Tensor tokens, AttentionObserver observer) {
        boolean training = is_training();
        eval();
        try (NoGradGuard _ = new NoGradGuard()) {
            return forward(tokens, Form.AUTO, observer);
        } finally {
            train(training);
        }
    }
}
