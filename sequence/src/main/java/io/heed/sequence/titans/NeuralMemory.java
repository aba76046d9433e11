package io.heed.sequence.titans;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Form;
import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.nn.Registration;
import io.heed.nn.ShortConvolution;
import io.heed.tensor.Ops;

/**
 * The long-term memory itself, without output gate or projection: it writes every token, forgets, and reads after
 * writing. Its parameters are registered with the module that owns it.
 *
 * <p>Parameters {@code to_q|to_k|to_v.weight (D, D)}, {@code conv_q|conv_k|conv_v.weight (D, K)} where there is a
 * convolution, {@code to_alpha|to_eta|to_theta.weight (1, D)} and {@code .bias (1)},
 * {@code memory.weights.{l} (in, out)}.
 */
final class NeuralMemory {
    /**
     * @param width      D
     * @param dimensions widths of the memory from its input to its output, both D: L + 1 numbers
     * @param chunk      b, tokens whose gradients are taken at one anchor
     * @param taps       K of the convolutions on q, k and v; 0 for none
     * @param stepMax    the largest step size theta
     * @param epsilon    of the normalisation of q and k
     * @param momentum   whether past surprise counts: without it eta is 0
     * @param forgetting whether alpha may be more than 0
     */
    record Config(long width, List<Integer> dimensions, int chunk, int taps, double stepMax, double epsilon,
            boolean momentum, boolean forgetting) {
        Config {
            dimensions = List.copyOf(dimensions);
            if (dimensions.size() < 2 || dimensions.getFirst() != width || dimensions.getLast() != width) {
                throw new IllegalArgumentException("a memory goes from width " + width + " to the same width, got "
                        + dimensions);
            }
            if (chunk < 1 || taps < 0 || !(stepMax > 0)) {
                throw new IllegalArgumentException("chunk " + chunk + " must be at least 1, taps " + taps
                        + " at least 0, the largest step " + stepMax + " positive");
            }
        }
    }

    /** The logarithm of a momentum that nothing is left of; finite, so that differences of sums stay numbers. */
    private static final double NOTHING = -200;
    private static final double KEEP_BIAS = -3;
    private static final double MEMORY_DEVIATION = 0.02;

    private final Config config;
    private final LinearImpl query;
    private final LinearImpl key;
    private final LinearImpl value;
    private final List<Tensor> convolutions = new ArrayList<>();
    private final LinearImpl forgetting;
    private final LinearImpl momentum;
    private final LinearImpl step;
    private final List<Tensor> weights = new ArrayList<>();

    /** Projected tokens. */
    record Tokens(Tensor queries, Tensor keys, Tensor values, MemoryWeights.Gates gates) {
        /** Those from {@code first} on. */
        Tokens at(long first, long count) {
            return new Tokens(queries.narrow(1, first, count), keys.narrow(1, first, count),
                    values.narrow(1, first, count),
                    gates.at(first, count));
        }

        /** Runs of {@code length} tokens, one after the other. */
        List<Tokens> apart(long length) {
            TensorVector q = queries.split(length, 1);
            TensorVector k = keys.split(length, 1);
            TensorVector v = values.split(length, 1);
            List<MemoryWeights.Gates> g = gates.apart(length);
            List<Tokens> apart = new ArrayList<>();
            for (int i = 0; i < g.size(); i++) {
                apart.add(new Tokens(q.get(i), k.get(i), v.get(i), g.get(i)));
            }
            return apart;
        }

        /** The same as (B, count, size, ..). */
        Tokens inChunks(long count, long size) {
            return new Tokens(queries.unflatten(1, count, size), keys.unflatten(1, count, size),
                    values.unflatten(1, count, size), gates.inChunks(count, size));
        }
    }

    /** Registers fresh weights with {@code owner}. */
    NeuralMemory(Module owner, Config config) {
        this.config = config;
        query = owner.register_module("to_q", Initialisation.linear(config.width, config.width, false));
        key = owner.register_module("to_k", Initialisation.linear(config.width, config.width, false));
        value = owner.register_module("to_v", Initialisation.linear(config.width, config.width, false));
        for (String name : List.of("conv_q", "conv_k", "conv_v")) {
            if (config.taps > 0) {
                double bound = 1 / Math.sqrt(config.taps);
                convolutions.add(Registration.parameter(owner.register_module(name, Registration.group()), "weight",
                        torch.empty(config.width, config.taps).uniform_(-bound, bound, null)));
            }
        }
        forgetting = owner.register_module("to_alpha", Initialisation.linear(config.width, 1, true));
        momentum = owner.register_module("to_eta", Initialisation.linear(config.width, 1, true));
        step = owner.register_module("to_theta", Initialisation.linear(config.width, 1, true));
        try (NoGradGuard _ = new NoGradGuard()) {
            forgetting.bias().fill_(new Scalar(KEEP_BIAS));
        }
        Module list = owner.register_module("memory", Registration.group())
                .register_module("weights", Registration.group());
        for (int l = 0; l + 1 < config.dimensions.size(); l++) {
            weights.add(Registration.parameter(list, Integer.toString(l), torch.randn(config.dimensions.get(l),
                    config.dimensions.get(l + 1)).mul_(new Scalar(MEMORY_DEVIATION))));
        }
    }

    Config config() {
        return config;
    }

    /** The learned first memory, for {@code batch} sequences. */
    MemoryWeights fresh(long batch) {
        return MemoryWeights.fresh(weights, batch);
    }

    /** Zeros (B, K - 1, D) for each convolution: the inputs before the first token. */
    List<Tensor> histories(long batch) {
        return convolutions.stream().map(weight -> ShortConvolution.history(batch, weight)).toList();
    }

    /** Queries alone, (B, n, D), where nothing is written; without convolutions. */
    Tensor queries(Tensor x) {
        return normal(torch.silu(query.forward(x)));
    }

    /** The weights of all projections as those of one, which a forward pass joins once. */
    Joined joined() {
        Tensor weight = Ops.cat(0, query.weight(), key.weight(), value.weight(), forgetting.weight().neg(),
                momentum.weight(), step.weight());
        Tensor bias = Ops.cat(0, torch.zeros(new long[] {3 * config.width}, weight.detach().options()),
                forgetting.bias().neg(), momentum.bias(), step.bias());
        return new Joined(weight, bias);
    }

    /** Weights (3 D + 3, D) and biases of q, k, v, what is kept, momentum, and step. */
    record Joined(Tensor weight, Tensor bias) { }

    /** Everything that is known of tokens (B, n, D) from their own sequence. */
    Tokens tokens(Tensor x, Optional<Padding> padding, Form form) {
        return tokens(x, padding, form, joined());
    }

    /** The same with weights that are joined already. */
    Tokens tokens(Tensor x, Optional<Padding> padding, Form form, Joined joined) {
        Tensor all = torch.linear(x, joined.weight, joined.bias);
        Tensor projected = all.narrow(-1, 0, 3 * config.width);
        if (padding.isPresent()) {
            projected = Ops.fill(projected, padding.get().mask().unsqueeze(-1), 0);
        }
        if (!convolutions.isEmpty()) {
            projected = ShortConvolution.apply(projected, Ops.cat(0, convolutions.toArray(Tensor[]::new)), null, form);
        }
        return activated(projected, gates(all.narrow(-1, 3 * config.width, 3), padding));
    }

    /** The next tokens, whose convolutions go on from {@code histories}, which are replaced. */
    Tokens extend(Tensor x, List<Tensor> histories) {
        Joined joined = joined();
        Tensor all = torch.linear(x, joined.weight, joined.bias);
        Tensor projected = all.narrow(-1, 0, 3 * config.width);
        if (!convolutions.isEmpty()) {
            ShortConvolution.Extension next = ShortConvolution.extend(projected,
                    Ops.cat(2, histories.toArray(Tensor[]::new)), Ops.cat(0, convolutions.toArray(Tensor[]::new)),
                    null);
            projected = next.out();
            for (int i = 0; i < histories.size(); i++) {
                histories.set(i, next.history().narrow(2, i * config.width, config.width).clone());
            }
        }
        return activated(projected, gates(all.narrow(-1, 3 * config.width, 3), Optional.empty()));
    }

    /** q and k normalised, and v, from what they are before the activation: (B, n, 3 D). */
    private Tokens activated(Tensor projected, MemoryWeights.Gates gates) {
        Tensor active = torch.silu(projected);
        Tensor normal = normal(active.narrow(-1, 0, 2 * config.width).unflatten(-1, 2, config.width));
        return new Tokens(normal.select(2, 0), normal.select(2, 1), active.narrow(-1, 2 * config.width, config.width),
                gates);
    }

    /** z / sqrt(sum z^2 + eps). */
    private Tensor normal(Tensor z) {
        return z.mul(Ops.shift(z.mul(z).sum(new long[] {-1}, true, new ScalarTypeOptional()),
                config.epsilon).rsqrt());
    }

    /** From logits (B, n, 3): 1 - alpha = sigmoid(-a), eta and theta. */
    private MemoryWeights.Gates gates(Tensor logits, Optional<Padding> padding) {
        Tensor open = logits.sigmoid();
        Tensor logs = torch.log_sigmoid(logits.narrow(-1, 0, 2));
        Tensor size = Ops.scale(open.narrow(-1, 2, 1), config.stepMax);
        Tensor keep = config.forgetting ? open.narrow(-1, 0, 1) : torch.ones_like(size);
        Tensor logKeep = config.forgetting ? logs.narrow(-1, 0, 1) : torch.zeros_like(size);
        Tensor decay = config.momentum ? open.narrow(-1, 1, 1) : torch.zeros_like(size);
        Tensor logDecay = config.momentum ? logs.narrow(-1, 1, 1) : torch.full_like(size, new Scalar(NOTHING));
        if (padding.isEmpty()) {
            return new MemoryWeights.Gates(keep, logKeep, decay, logDecay, size, torch.ones_like(size));
        }
        Tensor mask = padding.get().mask().unsqueeze(-1);
        return new MemoryWeights.Gates(Ops.fill(keep, mask, 1), Ops.fill(logKeep, mask, 0), Ops.fill(decay, mask, 1),
                Ops.fill(logDecay, mask, 0), Ops.fill(size, mask, 0), mask.logical_not().to(Ops.type(size)));
    }

    /** Writes and reads the tokens of a segment, whose gradients are all taken at the memory before it. */
    MemoryWeights.Read segment(Tokens tokens, MemoryWeights memory, Form form) {
        return run(tokens, memory, 0, form, tokens.keys.size(1));
    }

    /**
     * Writes and reads a run of tokens from position {@code first} on.
     *
     * @param memory as the tokens before left it
     * @param first  position of the first token, counted from the sequence's start: chunks begin at multiples of b
     */
    MemoryWeights.Read run(Tokens tokens, MemoryWeights memory, long first, Form form) {
        return run(tokens, memory, first, form, config.chunk);
    }

    private static MemoryWeights.Read run(Tokens tokens, MemoryWeights memory, long first, Form form, long chunk) {
        long length = tokens.keys.size(1);
        if (!form.isFused(tokens.keys)) {
            return steps(tokens, memory, first, chunk);
        }
        List<Tensor> outputs = new ArrayList<>();
        MemoryWeights now = memory;
        // the rest of a chunk that has begun, whole chunks, the beginning of one
        long begun = Math.min(length, (chunk - first % chunk) % chunk);
        long whole = (length - begun) / chunk * chunk;
        long rest = length - begun - whole;
        if (begun > 0) {
            Tokens part = tokens.at(0, begun);
            MemoryWeights.Read read = now.chunk(part.queries, part.keys, part.values, ChunkShares.of(part.gates));
            outputs.add(read.out());
            now = read.after();
        }
        if (whole > 0) {
            MemoryWeights.Read read = WholeChunks.run(tokens.at(begun, whole), now, chunk);
            outputs.add(read.out());
            now = read.after();
        }
        if (rest > 0) {
            MemoryWeights.Read read = WholeChunks.run(tokens.at(begun + whole, rest), now, rest);
            outputs.add(read.out());
            now = read.after();
        }
        return new MemoryWeights.Read(Ops.cat(1, outputs.toArray(Tensor[]::new)), now);
    }

    /** Token by token: the reference. */
    private static MemoryWeights.Read steps(Tokens tokens, MemoryWeights memory, long first, long chunk) {
        List<Tensor> outputs = new ArrayList<>();
        MemoryWeights now = memory;
        for (long t = 0; t < tokens.keys.size(1); t++) {
            now = (first + t) % chunk == 0 ? now.anchored() : now;
            Tokens token = tokens.at(t, 1);
            MemoryWeights.Read read = now.step(token.queries, token.keys, token.values, token.gates);
            outputs.add(read.out());
            now = read.after();
        }
        return new MemoryWeights.Read(Ops.cat(1, outputs.toArray(Tensor[]::new)), now);
    }
}
