package io.heed.sequence.titans;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Form;
import io.heed.nn.Padding;
import io.heed.nn.Registration;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * The three ways to join memory and attention; see the package for the equations. All have the same parameters:
 * {@code mem.*} of {@link NeuralMemory}, {@code attn.*} of {@link WindowAttention}, {@code persistent (P, D)},
 * {@code gate_y.weight (D)}, {@code gate_m.weight (D)}; memory as layer has no gates.
 */
public final class TitansBlock extends SequenceMixer {
    /** How the memory is used. */
    enum Use {
        /**
         * As context: attention reads what the memory says of the segment, and the memory learns from attention's
         * output.
         */
        CONTEXT,
        /** As gate: attention and memory side by side. */
        GATE,
        /** As layer: attention over what the memory gives. */
        LAYER
    }

    /**
     * @param memory     the memory, without convolutions
     * @param heads      H of the attention
     * @param segment    C, tokens of a segment ({@link Use#CONTEXT})
     * @param window     w of the attention ({@link Use#GATE}, {@link Use#LAYER})
     * @param persistent P, learned tokens in front
     * @param layers     of the whole model
     */
    record Config(NeuralMemory.Config memory, int heads, int segment, int window, int persistent, int layers) {
        Config {
            if (segment < 1 || window < 1 || persistent < 0) {
                throw new IllegalArgumentException("segment " + segment + " and window " + window
                        + " must be at least 1, persistent tokens " + persistent + " at least 0");
            }
        }
    }

    private static final double EPSILON = 1e-6;

    private final Config config;
    private final Use use;
    private final NeuralMemory memory;
    private final WindowAttention attention;
    private final Tensor persistent;
    private final Tensor gateOfAttention;
    private final Tensor gateOfMemory;

    TitansBlock(Config config, Use use) {
        super("TitansBlock");
        this.config = config;
        this.use = use;
        long width = config.memory.width();
        memory = new NeuralMemory(register_module("mem", Registration.group()), config.memory);
        attention = new WindowAttention(register_module("attn", Registration.group()), width, config.heads,
                config.layers);
        persistent = Registration.parameter(this, "persistent", torch.randn(config.persistent, width)
                .mul_(new Scalar(0.02)));
        gateOfAttention = use == Use.LAYER ? null : gate("gate_y", width);
        gateOfMemory = use == Use.LAYER ? null : gate("gate_m", width);
    }

    private Tensor gate(String name, long width) {
        return Registration.parameter(register_module(name, Registration.group()), "weight", torch.ones(width));
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
        return switch (use) {
            case CONTEXT -> segments(x, context, true);
            case GATE -> gate(x, context);
            case LAYER -> layer(x, context);
        };
    }

    /** Another use of the same parameters, MAC as the paper writes it: within a segment it looks ahead. */
    Tensor asPublished(Tensor x, Use how, MixerContext context) {
        return switch (how) {
            case CONTEXT -> segments(x, context, false);
            case GATE -> gate(x, context);
            case LAYER -> layer(x, context);
        };
    }

    /**
     * MAC. As published, every token of a segment sees what the memory says of the whole segment, and reads the memory
     * after all of it. A causal model cannot have that: there a token sees the memory's answers to itself and earlier
     * tokens, and reads the memory as it is after itself.
     */
    private Tensor segments(Tensor x, MixerContext context, boolean causal) {
        Tensor weight = attention.pairWeight();
        Tensor front = torch.linear(front(x.size(0)), weight);
        NeuralMemory.Joined joined = memory.joined();
        Tensor scaled = Ops.scale(attention.queries(x), Math.sqrt((double) config.heads / x.size(2)));
        // apart at once: the gradient of a cut is as long as the sequence
        TensorVector asked = memory.queries(x).split(config.segment, 1);
        TensorVector queries = scaled.split(config.segment, 2);
        TensorVector pairs = torch.linear(x, weight).split(config.segment, 1);
        MemoryWeights state = memory.fresh(x.size(0));
        List<Tensor> attended = new ArrayList<>();
        List<Tensor> remembered = new ArrayList<>();
        Tensor bias = null;
        for (int i = 0; i < queries.size(); i++) {
            MemoryWeights before = state;
            Segment segment = new Segment(asked.get(i), queries.get(i), pairs.get(i),
                    padding(context, (long) i * config.segment, pairs.get(i).size(1)));
            bias = bias == null || bias.size(2) != segment.asked.size(1) || segment.padding.isPresent()
                    ? bias(segment, causal) : bias;
            Tensor hidden = bias;
            MemoryWeights.Read read = MemoryWeights.Read.kept(() -> {
                Tensor recalled = torch.linear(before.read(segment.asked), weight);
                Tensor y = attention.attendPairs(segment.queries, Ops.cat(1, front, recalled, segment.pairs), hidden,
                        segment.padding.isPresent());
                NeuralMemory.Tokens tokens = memory.tokens(y, segment.padding, context.form(), joined);
                MemoryWeights.Read written = memory.segment(tokens, before, context.form());
                Tensor m = causal ? written.out() : written.after().read(tokens.queries());
                return new MemoryWeights.Read(Ops.cat(2, y, m), written.after().anchored());
            });
            state = read.after();
            attended.add(read.out().narrow(2, 0, x.size(2)));
            remembered.add(read.out().narrow(2, x.size(2), x.size(2)));
        }
        return gated(Ops.cat(1, attended.toArray(Tensor[]::new)), Ops.cat(1, remembered.toArray(Tensor[]::new)));
    }

    /** What of a segment does not depend on the memory: (B, n, D), (B, H, n, d) and (B, n, 2 D). */
    private record Segment(Tensor asked, Tensor queries, Tensor pairs, Optional<Padding> padding) { }

    /**
     * Added to the logits: -infinity for what a token of a segment does not see among the tokens in front, the
     * memory's answers and the segment.
     */
    private Tensor bias(Segment segment, boolean causal) {
        Tensor like = segment.pairs;
        long batch = like.size(0);
        long count = like.size(1);
        Tensor later = Ops.causalMask(count, count).to(like.device(), torch.ScalarType.Bool).view(1, 1, count, count);
        Tensor own = segment.padding.map(p -> later.logical_or(p.mask().view(batch, 1, 1, count))).orElse(later);
        Tensor answers = causal ? own : segment.padding.map(p -> p.mask().view(batch, 1, 1, count)
                .expand(batch, 1, count, count)).orElse(torch.zeros_like(later));
        Tensor first = torch.zeros(new long[] {own.size(0), 1, count, config.persistent}, own.options());
        Tensor hidden = Ops.cat(3, first, answers, own);
        return Ops.fill(torch.zeros(hidden.shape(), like.detach().options()), hidden, Double.NEGATIVE_INFINITY);
    }

    private Tensor gate(Tensor x, MixerContext context) {
        Tensor y = attention.local(front(x.size(0)), x, config.window, context.padding(), context.form().isFused(x));
        return gated(y, remembered(x, context).narrow(1, config.persistent, x.size(1)));
    }

    private Tensor layer(Tensor x, MixerContext context) {
        Tensor m = remembered(x, context);
        return attention.local(m.narrow(1, 0, config.persistent), m.narrow(1, config.persistent, x.size(1)),
                config.window, context.padding(), context.form().isFused(x));
    }

    /** What the persistent tokens, then those of x, read: (B, P + N, D). */
    private Tensor remembered(Tensor x, MixerContext context) {
        Tensor z = Ops.cat(1, front(x.size(0)), x);
        Optional<Padding> padding = mask(context).map(mask -> new Padding(Ops.cat(1,
                torch.zeros(new long[] {x.size(0), config.persistent}, mask.options()), mask)));
        return memory.run(memory.tokens(z, padding, context.form()), memory.fresh(x.size(0)), 0, context.form()).out();
    }

    /** (RMS(y) gate_y) sigmoid(RMS(m) gate_m). */
    private Tensor gated(Tensor y, Tensor m) {
        return rms(y).mul(gateOfAttention).mul(rms(m).mul(gateOfMemory).sigmoid());
    }

    private static Tensor rms(Tensor x) {
        return x.mul(Ops.shift(x.mul(x).mean(new long[] {-1}, true, new ScalarTypeOptional()), EPSILON)
                .rsqrt());
    }

    private Tensor front(long batch) {
        return persistent.unsqueeze(0).expand(batch, config.persistent, persistent.size(1));
    }

    private static Optional<Tensor> mask(MixerContext context) {
        return context.padding().map(Padding::mask);
    }

    private static Optional<Padding> padding(MixerContext context, long first, long count) {
        return mask(context).map(mask -> new Padding(mask.narrow(1, first, count).contiguous()));
    }

    @Override
    public MixerState state(long batch) {
        int layers = layers();
        return switch (use) {
            // four growing rows of the segment: keys and values of the memory's answers, and of the segment
            case CONTEXT -> MemoryState.of(batch, () -> memory.fresh(batch),
                    () -> List.of(rows(batch), rows(batch), rows(batch), rows(batch)));
            case GATE, LAYER -> {
                NeuralMemory.Tokens tokens = memory.tokens(front(batch), Optional.empty(), Form.AUTO);
                MemoryWeights.Read read = config.persistent == 0 ? new MemoryWeights.Read(front(batch),
                        memory.fresh(batch))
                        : memory.run(tokens, memory.fresh(batch), 0, Form.AUTO);
                List<Tensor> kept = Stream.of(List.of(read.out()), read.after().matrices(),
                        read.after().momentum(), read.after().anchor()).flatMap(List::stream)
                        .<Tensor>map(tensor -> tensor.detach().clone().retainReference()).toList();
                MemoryWeights after = new MemoryWeights(kept.subList(1, 1 + layers),
                        kept.subList(1 + layers, 1 + 2 * layers),
                        kept.subList(1 + 2 * layers, 1 + 3 * layers));
                yield MemoryState.of(batch, () -> after, () -> List.of(rows(batch), rows(batch), kept.getFirst()
                        .clone()));
            }
        };
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        try (NoGradGuard _ = new NoGradGuard()) {
            TensorState held = (TensorState) state;
            Tensor token = x.unsqueeze(1);
            Tensor y = use == Use.CONTEXT ? stepInSegment(token, held) : stepInWindow(token, held);
            held.advance(1);
            return y.squeeze(1);
        }
    }

    private Tensor stepInSegment(Tensor x, TensorState held) {
        MemoryWeights weights = MemoryState.get(held, layers());
        int own = 3 * layers();
        boolean first = held.position() % config.segment == 0;
        weights = first ? weights.anchored() : weights;
        Tensor recalled = new MemoryWeights(weights.anchor(), weights.momentum(), weights.anchor())
                .read(memory.queries(x));
        Tensor[] added = {attention.keys(recalled), attention.values(recalled), attention.keys(x), attention.values(x)};
        for (int i = 0; i < added.length; i++) {
            held.set(own + i, first ? added[i].clone() : Ops.cat(2, held.get(own + i), added[i]));
        }
        Tensor front = front(x.size(0));
        Tensor y = attention.attend(attention.queries(x), Ops.cat(2, attention.keys(front), held.get(own),
                held.get(own + 2)),
                Ops.cat(2, attention.values(front), held.get(own + 1), held.get(own + 3)), null);
        NeuralMemory.Tokens tokens = memory.tokens(y, Optional.empty(), Form.AUTO);
        MemoryWeights.Read read = weights.step(tokens.queries(), tokens.keys(), tokens.values(), tokens.gates());
        MemoryState.set(held, read.after());
        return gated(y, read.out());
    }

    private Tensor stepInWindow(Tensor x, TensorState held) {
        int own = 3 * layers();
        NeuralMemory.Tokens tokens = memory.tokens(x, Optional.empty(), Form.AUTO);
        MemoryWeights.Read read = memory.run(tokens, MemoryState.get(held, layers()), config.persistent
                + held.position(),
                Form.AUTO);
        Tensor source = use == Use.GATE ? x : read.out();
        Tensor front = use == Use.GATE ? front(x.size(0)) : held.get(own + 2);
        Tensor keys = window(held.get(own), attention.keys(source));
        Tensor values = window(held.get(own + 1), attention.values(source));
        Tensor y = attention.attend(attention.queries(source), Ops.cat(2, attention.keys(front), keys),
                Ops.cat(2, attention.values(front), values), null);
        MemoryState.set(held, read.after());
        held.set(own, keys);
        held.set(own + 1, values);
        return use == Use.GATE ? gated(y, read.out()) : y;
    }

    /** The last w rows. */
    private Tensor window(Tensor rows, Tensor next) {
        Tensor all = Ops.cat(2, rows, next);
        long spare = Math.max(0, all.size(2) - config.window);
        return all.narrow(2, spare, all.size(2) - spare).clone();
    }

    private Tensor rows(long batch) {
        return torch.zeros(new long[] {batch, config.heads, 0, config.memory.width() / config.heads},
                persistent.detach().options());
    }

    private int layers() {
        return config.memory.dimensions().size() - 1;
    }
}
