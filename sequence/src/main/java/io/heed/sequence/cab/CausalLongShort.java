package io.heed.sequence.cab;

import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

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
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * Causal long-short attention (Zhu et al., Transformer-LS, arXiv 2107.02192): one softmax over the last w tokens and
 * over landmarks of all chunks of s tokens before the query's own, r a chunk.
 *
 * <pre>
 *   P = softmax_chunk(W_p x)          K~ = LN'(P^T K), V~ = LN'(P^T V)         K = W_k x, V = W_v x
 *   window    (q / sqrt(d) + u) . LN(K)_j + (q / sqrt(d) + v) . (W_r z_(i-j))     i - w < j <= i
 *   landmark  q / sqrt(d) . (K~_c + W_c z_(a r - 1 - c) + b_c)                    c < a r, a the query's chunk
 *   y = W_o softmax([landmarks, window]) [V~; LN(V)]                              z sines, then cosines
 * </pre>
 *
 * <p>The authors' code attends to a memory of zeros before the sequence as well; here there is nothing before it.
 *
 * <p>Parameters {@code proj_query|proj_key|proj_val|proj_out.weight (D, D)}, {@code dual_ln_win.*},
 * {@code dual_ln_dproj.*} (D), {@code dconv_1.*} (H r, D), {@code r_net.weight (D, D)}, {@code r_net_chunk.*} (D, D),
 * {@code r_w_bias (1, H, 1, 1, d)}, {@code r_r_bias (1, H, 1, d)}; buffer {@code pos_emb.inv_freq (D / 2)}.
 */
final class CausalLongShort extends SequenceMixer {
    private static final int PIECE = 256; // tokens of a prompt at a time

    // what the state holds
    private static final int KEYS = 0;
    private static final int VALUES = 1;
    private static final int LANDMARK_KEYS = 2;
    private static final int LANDMARK_VALUES = 3;
    private static final int OPEN_SCORES = 4;
    private static final int OPEN_KEYS = 5;
    private static final int OPEN_VALUES = 6;

    /**
     * @param width  D
     * @param heads  H
     * @param window w
     * @param chunk  s
     * @param rank   r
     * @param layers of the whole model
     */
    record Config(long width, int heads, int window, int chunk, int rank, int layers) {
        /** @throws IllegalArgumentException for sizes that do not fit */
        Config {
            if (heads < 1 || width % heads != 0 || width % 2 != 0) {
                throw new IllegalArgumentException("width " + width + " must be even and a multiple of " + heads
                        + " heads");
            }
            if (window < 1 || chunk < 1 || rank < 1) {
                throw new IllegalArgumentException("window " + window + ", chunk " + chunk + " and rank " + rank
                        + " must be at least 1");
            }
        }
    }

    /** Holds the frequencies. */
    private static final class Positions extends Module {
        private final Tensor frequencies;

        private Positions(long width) {
            super("PositionalEmbedding");
            double[] fresh = new double[(int) width / 2];
            for (int i = 0; i < fresh.length; i++) {
                fresh[i] = Math.pow(10_000, -2.0 * i / width);
            }
            frequencies = Registration.buffer(this, "inv_freq", Ops.of(fresh, fresh.length).to(ScalarType.Float));
        }

        /** z of 0 to count - 1: (count, D). */
        private Tensor rows(long count) {
            Tensor angles = torch.arange(new Scalar(count), frequencies.options()).unsqueeze(1).mul(frequencies);
            return Ops.cat(1, angles.sin(), angles.cos());
        }
    }

    /** Landmarks of whole chunks, (B, H, c r, d), and which of them are of padding alone, (B, c r). */
    private record Landmarks(Tensor keys, Tensor values, Optional<Tensor> hidden) { }

    private final Config config;
    private final LinearImpl query;
    private final LinearImpl key;
    private final LinearImpl value;
    private final LinearImpl out;
    private final Norm windowNorm;
    private final Norm chunkNorm;
    private final LinearImpl projection;
    private final Positions positions;
    private final LinearImpl near;
    private final LinearImpl far;
    private final Tensor contentBias;
    private final Tensor positionBias;

    CausalLongShort(Config config) {
        super("long-short");
        this.config = config;
        long width = config.width;
        long headWidth = width / config.heads;
        query = register_module("proj_query", Initialisation.linear(width, width, false));
        key = register_module("proj_key", Initialisation.linear(width, width, false));
        value = register_module("proj_val", Initialisation.linear(width, width, false));
        out = register_module("proj_out", Initialisation.residual(width, width, false, config.layers));
        windowNorm = register_module("dual_ln_win", new Norm.Layer(width));
        chunkNorm = register_module("dual_ln_dproj", new Norm.Layer(width));
        projection = register_module("dconv_1", Initialisation.linear(width, (long) config.heads * config.rank, true));
        positions = register_module("pos_emb", new Positions(width));
        near = register_module("r_net", Initialisation.linear(width, width, false));
        far = register_module("r_net_chunk", Initialisation.linear(width, width, true));
        contentBias = Registration.parameter(this, "r_w_bias", torch.zeros(1, config.heads, 1, 1, headWidth));
        positionBias = Registration.parameter(this, "r_r_bias", torch.zeros(1, config.heads, 1, headWidth));
    }

    static CausalLongShort of(MixerConfig config) {
        MixerOptions options = MixerOptions.of(config);
        return new CausalLongShort(new Config(config.width(), config.heads(), options.integer("window", 16),
                options.integer("chunk", 16), options.integer("rank", 1), config.layers()));
    }

    @Override
    public Set<Pattern> patterns() {
        return Set.of(Pattern.CAUSAL_SELF);
    }

    @Override
    public boolean carriesOrder() {
        return true;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        Tensor k = key.forward(x);
        Tensor v = value.forward(x);
        Optional<Tensor> padded = context.padding().map(Padding::mask);
        Landmarks landmarks = landmarks(projection.forward(x), k, v, padded);
        Tensor q = queries(x);
        Tensor keys = heads(windowNorm.forward(k));
        Tensor values = heads(windowNorm.forward(v));
        boolean blocked = context.form().isFused(x) && x.size(1) > 2L * config.window;
        Tiles tiles = blocked ? Tiles.blocks(q, keys, values, padded, config.window)
                : Tiles.one(q, keys, values, padded, 0);
        return out.forward(Heads.merge(attend(q, 0, tiles, landmarks)));
    }

    private Tensor queries(Tensor x) {
        Tensor q = heads(query.forward(x));
        return Ops.scale(q, 1 / Math.sqrt(q.size(3)));
    }

    private Tensor heads(Tensor x) {
        return Heads.split(x, config.heads);
    }

    /** The landmarks of all whole chunks among scores (B, N, H r), keys and values (B, N, D). */
    private Landmarks landmarks(Tensor scores, Tensor k, Tensor v, Optional<Tensor> padded) {
        long chunks = k.size(1) / config.chunk;
        long tokens = chunks * config.chunk;
        // (B, c, s)
        Optional<Tensor> hidden = padded.map(mask -> mask.narrow(1, 0, tokens).unflatten(1, chunks, config.chunk));
        Tensor whole = scores.narrow(1, 0, tokens).unflatten(1, chunks, config.chunk); // (B, c, s, H r)
        Tensor seen = hidden.map(mask -> Ops.fill(whole, mask.unsqueeze(-1), Double.NEGATIVE_INFINITY)).orElse(whole);
        Tensor shares = Ops.maskedSoftmax(seen, 2).unflatten(3, config.heads, config.rank)
                .permute(0, 3, 1, 4, 2); // (B, H, c, r, s)
        return new Landmarks(compressed(shares, k.narrow(1, 0, tokens)), compressed(shares, v.narrow(1, 0, tokens)),
                hidden.map(mask -> mask.all(2, false).unsqueeze(2)
                .expand(mask.size(0), chunks, config.rank).flatten(1, 2)));
    }

    private Tensor compressed(Tensor shares, Tensor x) {
        Tensor chunks = heads(x).unflatten(2, shares.size(2), config.chunk); // (B, H, c, s, d)
        return heads(chunkNorm.forward(Heads.merge(shares.matmul(chunks).flatten(2, 3))));
    }

    /**
     * Attention of queries (B, H, n, d), the first at position {@code first}, to the keys near them in {@code tiles}
     * and to landmarks.
     */
    private Tensor attend(Tensor q, long first, Tiles tiles, Landmarks landmarks) {
        Tensor close = windowLogits(q, tiles); // (B, H, T, rows, columns)
        long count = landmarks.keys.size(2);
        if (count == 0) {
            return tiles.merge(Ops.maskedSoftmax(close, -1).matmul(tiles.values()), q.size(2));
        }
        Tensor distant = tiles.split(landmarkLogits(q, first, landmarks));
        Tensor weights = Ops.maskedSoftmax(Ops.cat(-1, distant, close), -1);
        Tensor read = weights.narrow(-1, 0, count).matmul(landmarks.values.unsqueeze(2));
        return tiles.merge(read.add(weights.narrow(-1, count, close.size(-1)).matmul(tiles.values())), q.size(2));
    }

    private Tensor windowLogits(Tensor q, Tiles tiles) {
        Tensor content = tiles.queries().add(contentBias).matmul(tiles.keys().transpose(3, 4));
        Tensor sines = near.forward(positions.rows(config.window)).unflatten(1, config.heads, -1)
                .permute(1, 2, 0); // (H, d, w)
        Tensor placed = tiles.split(q.add(positionBias).matmul(sines)); // (B, H, T, rows, w)
        Tensor distances = tiles.distances(); // (rows, columns)
        Tensor index = distances.clamp_min(new Scalar(0)).clamp_max(new Scalar(config.window - 1));
        Tensor logits = content.add(placed.gather(4, index.view(1, 1, 1, index.size(0), index.size(1))
                .expand_as(content), false));
        Tensor outside = distances.lt(new Scalar(0)).logical_or(distances.ge(new Scalar(config.window)));
        return Ops.fill(logits, tiles.hidden().map(outside::logical_or).orElse(outside), Double.NEGATIVE_INFINITY);
    }

    /** (B, H, n, c r). */
    private Tensor landmarkLogits(Tensor q, long first, Landmarks landmarks) {
        long count = landmarks.keys.size(2);
        Tensor sines = far.forward(positions.rows(count)).unflatten(1, config.heads, -1).permute(1, 2, 0);
        Tensor chunk = torch.arange(new Scalar(first), new Scalar(first + q.size(2)), Ops.options(ScalarType.Long))
                .to(q.device(), ScalarType.Long).floor_divide(new Scalar(config.chunk));
        Tensor before = chunk.mul(new Scalar(config.rank)).unsqueeze(1); // (n, 1), landmarks that a query sees
        Tensor distance = before.sub(torch.arange(new Scalar(count), before.options())).sub(new Scalar(1)); // (n, c r)
        Tensor outside = distance.lt(new Scalar(0));
        Tensor hidden = landmarks.hidden.map(mask -> mask.unsqueeze(1).unsqueeze(1).logical_or(outside))
                .orElse(outside);
        Tensor placed = q.matmul(sines); // (B, H, n, c r)
        Tensor index = distance.clamp_min(new Scalar(0)).clamp_max(new Scalar(count - 1));
        Tensor logits = q.matmul(landmarks.keys.transpose(2, 3)).add(placed.gather(3, index.expand_as(placed), false));
        return Ops.fill(logits, hidden, Double.NEGATIVE_INFINITY);
    }

    /** The last w - 1 keys and values, the landmarks so far, and what the chunk that is not whole yet will need. */
    @Override
    public MixerState state(long batch) {
        long headWidth = config.width / config.heads;
        long[] none = {batch, config.heads, 0, headWidth};
        return new TensorState(batch, () -> {
            var options = query.weight().detach().options();
            return List.of(torch.zeros(none, options), torch.zeros(none, options), torch.zeros(none, options),
                    torch.zeros(none, options),
                    torch.zeros(new long[] {batch, 0, (long) config.heads * config.rank}, options),
                    torch.zeros(new long[] {batch, 0, config.width}, options),
                    torch.zeros(new long[] {batch, 0, config.width}, options));
        });
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        return prefill(x.unsqueeze(1), state).squeeze(1);
    }

    @Override
    public Tensor prefill(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor[] pieces = new Tensor[(int) ((x.size(1) + PIECE - 1) / PIECE)];
            for (int piece = 0; piece < pieces.length; piece++) {
                long from = (long) piece * PIECE;
                pieces[piece] = extend(x.narrow(1, from, Math.min(PIECE, x.size(1) - from)), (TensorState) state);
            }
            return Ops.cat(1, pieces);
        }
    }

    private Tensor extend(Tensor x, TensorState held) {
        Tensor k = key.forward(x);
        Tensor v = value.forward(x);
        grow(held, projection.forward(x), k, v);
        Tensor keys = Ops.cat(2, held.get(KEYS), heads(windowNorm.forward(k)));
        Tensor values = Ops.cat(2, held.get(VALUES), heads(windowNorm.forward(v)));
        Tensor q = queries(x);
        Tiles tiles = Tiles.one(q, keys, values, Optional.empty(), held.get(KEYS).size(2));
        Tensor y = attend(q, held.position(), tiles,
                new Landmarks(held.get(LANDMARK_KEYS), held.get(LANDMARK_VALUES), Optional.empty()));
        long kept = Math.min(config.window - 1L, keys.size(2));
        held.set(KEYS, keys.narrow(2, keys.size(2) - kept, kept).contiguous());
        held.set(VALUES, values.narrow(2, values.size(2) - kept, kept).contiguous());
        held.advance(x.size(1));
        return out.forward(Heads.merge(y));
    }

    /** Adds the landmarks of the chunks that these tokens fill. */
    private void grow(TensorState held, Tensor scores, Tensor k, Tensor v) {
        Tensor[] open = {Ops.cat(1, held.get(OPEN_SCORES), scores), Ops.cat(1, held.get(OPEN_KEYS), k),
            Ops.cat(1, held.get(OPEN_VALUES), v)};
        long used = open[0].size(1) / config.chunk * config.chunk;
        if (used > 0) {
            Landmarks more = landmarks(open[0], open[1], open[2], Optional.empty());
            held.set(LANDMARK_KEYS, Ops.cat(2, held.get(LANDMARK_KEYS), more.keys));
            held.set(LANDMARK_VALUES, Ops.cat(2, held.get(LANDMARK_VALUES), more.values));
        }
        for (int i = 0; i < open.length; i++) {
            held.set(OPEN_SCORES + i, open[i].narrow(1, used, open[i].size(1) - used).contiguous());
        }
    }
}
