package io.heed.vision.convit;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.AttentionSpec;
import io.heed.nn.AttentionCall;
import io.heed.nn.ComposedAttention;
import io.heed.nn.FusedAttention;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Registration;
import io.heed.sequence.MixerContext;
import io.heed.tensor.Ops;
import io.heed.vision.GridMixer;

/**
 * Gated positional self-attention (GPSA) on grids of any size; see the package for the equations.
 *
 * <p>Parameters {@code qk.weight (2D, D)}, {@code v.weight (D, D)}, {@code proj.weight (D, D)}, {@code proj.bias},
 * {@code pos_proj.weight (H, 3)}, {@code pos_proj.bias (H)}, {@code gating_param (H)}, and {@code qk.bias},
 * {@code v.bias} if asked.
 */
public final class GatedPositionalAttention extends GridMixer {
    /** Offsets per position: dx, dy and the squared distance. */
    private static final int FEATURES = 3;

    private final int heads;
    private final double dropout;
    private final LinearImpl qk;
    private final LinearImpl v;
    private final LinearImpl proj;
    private final LinearImpl positions;
    private final Tensor gate;

    /**
     * How it starts.
     *
     * @param local    whether heads start at the offsets of a kernel; else positions are drawn like other weights
     * @param strength a, how narrow the heads start: a Gaussian of deviation 1 / sqrt(2 a)
     */
    public record Start(boolean local, double strength) {
        /** As published: local, a = 1. */
        public static final Start LOCAL = new Start(true, 1);
    }

    /**
     * Builds it with fresh weights.
     *
     * @param width   D
     * @param heads   H, which must divide the width
     * @param bias    whether queries, keys and values have biases
     * @param start   how the positions start
     * @param dropout probability of dropping an attention weight in training
     */
    public GatedPositionalAttention(long width, int heads, boolean bias, Start start, double dropout) {
        super("GatedPositionalAttention");
        if (heads < 1 || width % heads != 0) {
            throw new IllegalArgumentException("width " + width + " is not a multiple of " + heads + " heads");
        }
        this.heads = heads;
        this.dropout = dropout;
        qk = register_module("qk", Initialisation.linear(width, 2 * width, bias));
        v = register_module("v", Initialisation.linear(width, width, bias));
        proj = register_module("proj", Initialisation.linear(width, width, true));
        positions = register_module("pos_proj", Initialisation.linear(FEATURES, heads, true));
        gate = Registration.parameter(this, "gating_param", torch.ones(heads));
        if (start.local) {
            startLocal(start.strength);
        }
    }

    /** Head h1 + k h2 starts at the offset (h2 - c, h1 - c) of a k x k kernel; values start as they are. */
    private void startLocal(double strength) {
        int kernel = (int) Math.floor(Math.sqrt(heads));
        double centre = kernel % 2 == 0 ? (kernel - 1) / 2.0 : kernel / 2;
        try (NoGradGuard _ = new NoGradGuard()) {
            v.weight().copy_(torch.eye(v.weight().size(0)));
            float[] rows = Ops.floats(positions.weight());
            for (int h1 = 0; h1 < kernel; h1++) {
                for (int h2 = 0; h2 < kernel; h2++) {
                    int at = (h1 + kernel * h2) * FEATURES;
                    rows[at] = (float) (2 * (h2 - centre));
                    rows[at + 1] = (float) (2 * (h1 - centre));
                    rows[at + 2] = -1;
                }
            }
            positions.weight().copy_(Ops.of(rows, heads, FEATURES)).mul_(new Scalar(strength));
        }
    }

    /** The gates sigmoid(lambda), (H): how much each head keeps to its positions. */
    public Tensor gates() {
        return gate.sigmoid();
    }

    /** Keeps the gates where they are: training no longer changes them. For ablations. */
    public void freezeGates(double lambda) {
        try (NoGradGuard _ = new NoGradGuard()) {
            gate.fill_(new Scalar(lambda));
        }
        gate.set_requires_grad(false);
    }

    @Override
    public boolean carriesOrder() {
        return true;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        Tensor tokens = x.flatten(1, 2);                                          // (B, N, D)
        Tensor[] queriesAndKeys = split(tokens);
        Tensor values = Heads.split(v.forward(tokens), heads);                    // (B, H, N, d)
        Tensor out = attend(queriesAndKeys, values, x.size(1), x.size(2), context);
        out = context.watch(out, () -> new AttentionCall(queriesAndKeys[0], queriesAndKeys[1], values,
                (from, count) -> maps(queriesAndKeys, x.size(1), x.size(2)).narrow(2, from, count)));
        return proj.forward(Heads.merge(out)).view_as(x);
    }

    private Tensor attend(Tensor[] qk, Tensor values, long rows, long columns, MixerContext context) {
        boolean drops = dropout > 0 && is_training();
        if (drops || !context.form().isFused(values)) {
            Tensor maps = maps(qk, rows, columns);
            return (drops ? torch.dropout(maps, dropout, true) : maps).matmul(values);
        }
        // rows of both maps sum to 1, so outputs are blended
        Tensor s = gates().view(heads, 1, 1);
        Tensor content = FusedAttention.apply(qk[0], qk[1], values, AttentionSpec.softmax());
        Tensor across = axis(columns, 0).softmax(-1);                             // (H, W, W)
        Tensor down = axis(rows, 1).softmax(-1);                                  // (H, H', H')
        Tensor grid = values.unflatten(2, rows, columns);                         // (B, H, H', W, d)
        Tensor position = Ops.einsum("hyr,bhrxd->bhyxd", down, Ops.einsum("hxm,bhrmd->bhrxd", across, grid))
                .flatten(2, 3);
        return content.add(position.sub(content).mul(s));
    }

    /**
     * The attention maps of images.
     *
     * @param x (B, H', W, D)
     * @return (B, H, N, N)
     */
    public Tensor maps(Tensor x) {
        return maps(split(x.flatten(1, 2)), x.size(1), x.size(2));
    }

    /** How far each head looks: the mean over images and queries of sum_m A |m - n|, (H). */
    public Tensor meanDistance(Tensor x) {
        Tensor offsets = offsets(x.size(1), x.size(2)).to(x.device(), Ops.type(x));
        Tensor distance = offsets.select(2, 2).sqrt();                            // (N, N)
        return maps(x).mean(new long[] {0}, false, new ScalarTypeOptional()).mul(distance)
                .sum(new long[] {-1}, false, new ScalarTypeOptional())
                .mean(new long[] {-1}, false, new ScalarTypeOptional());
    }

    private Tensor[] split(Tensor tokens) {
        Tensor packed = qk.forward(tokens);
        long width = tokens.size(-1);
        return new Tensor[] {Heads.split(packed.narrow(-1, 0, width), heads),
                Heads.split(packed.narrow(-1, width, width), heads)};
    }

    private Tensor maps(Tensor[] qk, long rows, long columns) {
        Tensor content = ComposedAttention.weights(qk[0], qk[1], AttentionSpec.softmax());
        Tensor offsets = offsets(rows, columns).to(content.device(), Ops.type(content));
        Tensor position = positions.forward(offsets).permute(2, 0, 1).softmax(-1); // (H, N, N)
        Tensor s = gates().view(heads, 1, 1);
        Tensor map = content.mul(Ops.shift(s.neg(), 1)).add(position.mul(s));
        return map.div(map.sum(new long[] {-1}, true, new ScalarTypeOptional()));
    }

    /**
     * The part of the positional logits that one axis gives, (H, S, S): w[feature] delta + w[2] delta^2, and the bias
     * on x.
     */
    private Tensor axis(long size, int feature) {
        Tensor place = torch.arange(new Scalar(size)).to(gate.device(), Ops.type(gate));
        Tensor delta = place.unsqueeze(0).sub(place.unsqueeze(1));                // m - n
        Tensor weight = positions.weight();
        Tensor logits = weight.select(1, feature).view(heads, 1, 1).mul(delta)
                .add(weight.select(1, 2).view(heads, 1, 1).mul(delta.mul(delta)));
        return feature == 0 ? logits.add(positions.bias().view(heads, 1, 1)) : logits;
    }

    /** (N, N, 3): dx, dy and the squared distance from query n to key m. */
    private static Tensor offsets(long rows, long columns) {
        int tokens = Math.toIntExact(rows * columns);
        float[] values = new float[tokens * tokens * FEATURES];
        for (int n = 0, at = 0; n < tokens; n++) {
            for (int m = 0; m < tokens; m++, at += FEATURES) {
                float dx = m % columns - n % columns;
                float dy = m / columns - n / columns;
                values[at] = dx;
                values[at + 1] = dy;
                values[at + 2] = dx * dx + dy * dy;
            }
        }
        return Ops.of(values, tokens, tokens, FEATURES);
    }
}
