package io.heed.sequence.cab;

import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.KeyLists;
import io.heed.nn.Form;
import io.heed.nn.GatheredAttention;
import io.heed.nn.Heads;
import io.heed.nn.Initialisation;
import io.heed.nn.Norm;
import io.heed.nn.Padding;
import io.heed.nn.Registration;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;

/**
 * Long-short attention that reads both ways (Zhu et al., Transformer-LS, arXiv 2107.02192): one softmax over the keys
 * near a query and over a few landmarks of the whole sequence, which the input itself projects it to.
 *
 * <pre>
 *   K = LN(W_k x),   V = LN(W_v x)                 P = softmax_tokens(W_p x), C columns a head
 *   K~ = LN'(P^T K), V~ = LN'(P^T V)               LN over all heads together
 *   y = softmax([q K~^T, q K_near^T] / sqrt(d)) [V~; V_near]
 * </pre>
 *
 * <p>Near is the query's own block of w tokens and w / 2 to either side. A convolution of the values over a few tokens
 * may be added to the heads.
 *
 * <p>Parameters {@code W_q|W_k|W_v|W_o.* (D, D)}, {@code dual_ln_l.*}, {@code dual_ln_s.*} (D), {@code dconv_fc.*} (H
 * C, D), and {@code conv.weight (H, 1, T, 1)} if there is a convolution.
 */
final class LongShortAttention extends SequenceMixer {
    /**
     * @param width     D
     * @param heads     H
     * @param landmarks C; 0 for windows alone
     * @param window    w
     * @param taps      T of the convolution, odd; 0 for none
     * @param layers    of the whole model
     */
    record Config(long width, int heads, int landmarks, int window, int taps, int layers) {
        /** @throws IllegalArgumentException for sizes that do not fit */
        Config {
            if (heads < 1 || width % heads != 0) {
                throw new IllegalArgumentException("width " + width + " is not a multiple of " + heads + " heads");
            }
            if (landmarks < 0 || window < 1) {
                throw new IllegalArgumentException("landmarks " + landmarks + " must not be negative, and window "
                        + window + " must be at least 1");
            }
            if (taps < 0 || taps > 0 && taps % 2 == 0) {
                throw new IllegalArgumentException("taps " + taps + " must be 0 or odd");
            }
        }
    }

    /** The convolution of the values. */
    private static final class Taps extends Module {
        private final Tensor weight;

        private Taps(Config config) {
            super("Conv");
            weight = Registration.parameter(this, "weight", torch.zeros(config.heads, 1, config.taps, 1));
        }
    }

    private final Config config;
    private final LinearImpl query;
    private final LinearImpl key;
    private final LinearImpl value;
    private final LinearImpl out;
    private final Norm longNorm;
    private final Norm shortNorm;
    private final LinearImpl projection;
    private final Taps taps;

    LongShortAttention(Config config) {
        super("long-short");
        this.config = config;
        query = register_module("W_q", Initialisation.linear(config.width, config.width, true));
        key = register_module("W_k", Initialisation.linear(config.width, config.width, true));
        value = register_module("W_v", Initialisation.linear(config.width, config.width, true));
        out = register_module("W_o", Initialisation.residual(config.width, config.width, true, config.layers));
        longNorm = register_module("dual_ln_l", new Norm.Layer(config.width));
        shortNorm = config.landmarks == 0 ? null : register_module("dual_ln_s", new Norm.Layer(config.width));
        projection = config.landmarks == 0 ? null
                : register_module("dconv_fc", Initialisation.linear(config.width,
                (long) config.heads * config.landmarks, true));
        taps = config.taps == 0 ? null : register_module("conv", new Taps(config));
    }

    static LongShortAttention of(MixerConfig config) {
        MixerOptions options = MixerOptions.of(config);
        return new LongShortAttention(new Config(config.width(), config.heads(), options.integer("landmarks", 16),
                options.integer("window", 16), options.integer("taps", 0), config.layers()));
    }

    @Override
    public Set<Pattern> patterns() {
        return Set.of(Pattern.NONCAUSAL_SELF);
    }

    /** Where a block ends says little of where a token is. */
    @Override
    public boolean carriesOrder() {
        return false;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        Tensor q = Heads.split(query.forward(x), config.heads);
        Tensor k = Heads.split(longNorm.forward(key.forward(x)), config.heads);
        Tensor v = Heads.split(longNorm.forward(value.forward(x)), config.heads);
        Tensor keys = k;
        Tensor values = v;
        if (config.landmarks > 0) {
            Tensor shares = shares(x, context.padding());
            keys = Ops.cat(2, landmarks(shares, k), k); // (B, H, C + N, d)
            values = Ops.cat(2, landmarks(shares, v), v);
        }
        KeyLists lists = lists((int) x.size(1), context.padding());
        // blocks are cut either way: the kernel is not twice as fast on lists as short as these
        Tensor y = GatheredAttention.apply(q, keys, values, lists, 1 / Math.sqrt(q.size(3)), Form.REFERENCE);
        return out.forward(Heads.merge(taps == null ? y : y.add(convolved(v, context.padding()))));
    }

    /** P^T, (B, H, C, N). */
    private Tensor shares(Tensor x, Optional<Padding> padding) {
        Tensor scores = projection.forward(x);
        Tensor seen = padding.map(p -> Ops.fill(scores, p.mask().unsqueeze(-1), Double.NEGATIVE_INFINITY))
                .orElse(scores);
        return Ops.maskedSoftmax(seen, 1).unflatten(2, config.heads, config.landmarks).permute(0, 2, 3, 1);
    }

    private Tensor landmarks(Tensor shares, Tensor x) {
        return Heads.split(shortNorm.forward(Heads.merge(shares.matmul(x))), config.heads);
    }

    /** All landmarks, then the real keys of the block and half a window to either side. */
    private KeyLists lists(int length, Optional<Padding> padding) {
        boolean[] padded = padding.map(p -> Ops.booleans(p.mask())).orElseGet(() -> new boolean[length]);
        int sequences = padded.length / length;
        int repeats = padding.isEmpty() ? 1 : config.heads;
        int blocks = (length + config.window - 1) / config.window;
        int beside = Math.max(config.window / 2, 1);
        int[] offsets = new int[sequences * repeats * blocks + 1];
        IntStream.Builder keys = IntStream.builder();
        int row = 0;
        for (int b = 0; b < sequences; b++) {
            for (int head = 0; head < repeats; head++) {
                for (int block = 0; block < blocks; block++) {
                    int count = config.landmarks;
                    IntStream.range(0, config.landmarks).forEach(keys::add);
                    int end = Math.min(length, (block + 1) * config.window + beside);
                    for (int j = Math.max(0, block * config.window - beside); j < end; j++) {
                        if (!padded[b * length + j]) {
                            keys.add(config.landmarks + j);
                            count++;
                        }
                    }
                    offsets[row + 1] = offsets[row] + count;
                    row++;
                }
            }
        }
        return KeyLists.of(config.window, offsets, keys.build().toArray());
    }

    private Tensor convolved(Tensor v, Optional<Padding> padding) {
        Tensor real = padding.map(p -> Ops.fill(v, p.mask().unsqueeze(1).unsqueeze(-1), 0)).orElse(v);
        long side = config.taps / 2;
        Tensor none = torch.zeros(new long[] {v.size(0), v.size(1), side, v.size(3)}, v.options());
        Tensor wide = Ops.cat(2, none, real, none);
        Tensor sum = null;
        for (long tap = 0; tap < config.taps; tap++) {
            Tensor part = wide.narrow(2, tap, v.size(2)).mul(taps.weight.select(2, tap)); // (H, 1, 1)
            sum = sum == null ? part : sum.add(part);
        }
        return sum;
    }

    @Override
    public MixerState state(long batch) {
        throw new UnsupportedOperationException("long-short that looks both ways cannot decode its own sequence step by"
                + " step");
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        throw new UnsupportedOperationException("long-short that looks both ways has no state to step");
    }
}
