package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Softmax attention of one fixed query over every prefix of a sequence (Feng et al. 2024, "Attention as an RNN",
 * arXiv 2405.13956): o_t = sum_{j<=t} exp(s_j) v_j / sum_{j<=t} exp(s_j), in work and memory linear in N.
 *
 * <p>The state (m, c, a) of {@link ScanState} is carried with a running maximum, so that scores of any size are exact.
 * A score of -inf marks a padded token, which changes nothing; a prefix without any real token gives o = 0. When two
 * prefixes share their maximum, its gradient goes to the first token that reached it.
 *
 * <p>Few heads over long sequences are cut into segments, each reduced to one state, the states combined and the
 * segments then swept in parallel; the cut depends on the shapes alone.
 */
public final class PrefixScan {
    /** From this many heads on, a task is a whole head. */
    private static final int ENOUGH_HEADS = 4;
    private static final int SEGMENTS = 16;
    private static final int SHORTEST_SEGMENT = 1024;
    /** Work, in floats, below which waking threads costs more than it saves. */
    private static final long SMALL = 16_384;

    private static final Scratch STATES = new Scratch();

    private PrefixScan() { }

    /**
     * What the scan reads; also the shape of the gradients with respect to it.
     *
     * @param scores  s, (B, H, N, 1): already scaled query-key products
     * @param values  v, (B, H, N, d)
     * @param initial the state of the tokens before the first, or null when there are none
     */
    public record Input(Rows scores, Rows values, ScanState initial) {
        void check(String name, int batch, int heads, int rows, int width) {
            Arguments.shape(name + "scores", scores, batch, heads, rows, 1);
            Arguments.shape(name + "values", values, batch, heads, rows, width);
            if (initial != null) {
                initial.check(name + "initial", batch, heads, 1, width);
            }
        }
    }

    /**
     * What the scan writes; also the shape of the gradients that come back. Each may be null: not wanted, or absent.
     *
     * @param out      o, (B, H, N, d)
     * @param prefixes the states after every prefix, N rows
     * @param last     the state after the last token, one row
     */
    public record Output(Rows out, ScanState prefixes, ScanState last) {
        void check(String name, int batch, int heads, int rows, int width) {
            Arguments.shape(name + "out", out, batch, heads, rows, width);
            if (prefixes != null) {
                prefixes.check(name + "prefixes", batch, heads, rows, width);
            }
            if (last != null) {
                last.check(name + "last", batch, heads, 1, width);
            }
        }
    }

    /**
     * Scans all heads. {@code output.last} may be the same memory as {@code input.initial}.
     *
     * @throws IllegalArgumentException when shapes disagree or a state is incomplete
     */
    public static void forward(Input input, Output output) {
        checkInput(input);
        Rows values = input.values();
        output.check("", values.batch(), values.heads(), values.rows(), values.width());
        int heads = values.batch() * values.heads();
        int segments = segments(heads, values.rows());
        if (segments > 1) {
            forwardSegments(input, output, heads, segments);
            return;
        }
        run(heads, heads * (long) values.rows() * values.width(), head -> forwardHead(input, output, head));
    }

    private static void forwardHead(Input input, Output output, int head) {
        Rows values = input.values();
        int b = head / values.heads();
        int h = head % values.heads();
        ScanWeights weights = ScanWeights.scratch(1, values.rows());
        float[] state = STATES.atLeast(values.width());
        fill(weights, 0, input, b, h);
        initialSum(input.initial(), b, h, state, values.width());
        sweep(weights, weights.base(0), input, output, b, h, 0, values.rows(), state, 0);
        last(weights, weights.base(0), output, b, h, values.rows(), state, 0);
    }

    private static void forwardSegments(Input input, Output output, int heads, int segments) {
        Rows values = input.values();
        int rows = values.rows();
        int width = values.width();
        int perBatch = values.heads();
        ScanWeights weights = ScanWeights.scratch(heads, rows);
        float[] states = STATES.atLeast((long) heads * segments * width, "states"); // a before every segment
        Arrays.fill(states, 0, heads * segments * width, 0);
        Workers.run(heads, head -> fill(weights, head, input, head / perBatch, head % perBatch));
        Workers.run(heads * (segments - 1), task -> {
            int head = task / (segments - 1);
            int segment = task % (segments - 1);
            ScanForward.sweep(weights, weights.base(head), values, null, null, head / perBatch, head % perBatch,
                    start(segment, segments, rows), start(segment + 1, segments, rows),
                    states, (head * segments + segment + 1) * width);
        });
        float[] initial = new float[width];
        for (int head = 0; head < heads; head++) {
            initialSum(input.initial(), head / perBatch, head % perBatch, initial, width);
            System.arraycopy(initial, 0, states, head * segments * width, width);
            for (int segment = 1; segment < segments; segment++) {
                int base = weights.base(head);
                float decay = decay(weights, base + start(segment - 1, segments, rows),
                        base + start(segment, segments, rows));
                int at = (head * segments + segment) * width;
                for (int i = 0; i < width; i++) {
                    states[at + i] = Math.fma(states[at - width + i], decay, states[at + i]);
                }
            }
        }
        Workers.run(heads * segments, task -> {
            int head = task / segments;
            int segment = task % segments;
            int to = start(segment + 1, segments, rows);
            sweep(weights, weights.base(head), input, output, head / perBatch, head % perBatch,
                    start(segment, segments, rows), to, states, task * width);
            if (to == rows) {
                last(weights, weights.base(head), output, head / perBatch, head % perBatch, rows, states,
                        task * width);
            }
        });
    }

    /**
     * Gradients of the scan with respect to its input, in linear work. Overwrites what it is asked for.
     *
     * @param input    what the forward scan read
     * @param out      o of the forward scan, (B, H, N, d)
     * @param gradient with respect to each output; null where there is none
     * @param result   where the gradients go; null where not wanted
     * @throws IllegalArgumentException when shapes disagree or a state is incomplete
     */
    public static void backward(Input input, Rows out, Output gradient, Input result) {
        checkInput(input);
        Rows values = input.values();
        int rows = values.rows();
        int width = values.width();
        Arguments.required("out", out);
        Arguments.shape("out", out, values.batch(), values.heads(), rows, width);
        gradient.check("gradient of ", values.batch(), values.heads(), rows, width);
        result.check("result for ", values.batch(), values.heads(), rows, width);
        int heads = values.batch() * values.heads();
        int segments = segments(heads, rows);
        if (segments > 1) {
            backwardSegments(input, out, gradient, result, heads, segments);
            return;
        }
        run(heads, 2L * heads * rows * width, head -> {
            int b = head / values.heads();
            int h = head % values.heads();
            ScanWeights weights = ScanWeights.scratch(1, rows);
            float[] suffix = STATES.atLeast(width);
            fill(weights, 0, input, b, h);
            ScanBackward.Carry carry = new ScanBackward.Carry();
            lastGradient(weights, weights.base(0), out, gradient.last(), b, h, carry, suffix, 0);
            sweepBack(weights, weights.base(0), values, out, gradient, result, b, h, 0, rows, carry, suffix, 0);
            initialGradient(weights, weights.base(0), input.initial(), result.initial(), b, h, carry, suffix, 0);
        });
    }

    private static void backwardSegments(Input input, Rows out, Output gradient, Input result, int heads,
                                         int segments) {
        Rows values = input.values();
        int rows = values.rows();
        int width = values.width();
        int perBatch = values.heads();
        ScanWeights weights = ScanWeights.scratch(heads, rows);
        float[] suffixes = STATES.atLeast((long) heads * segments * width, "states"); // U after every segment
        Arrays.fill(suffixes, 0, heads * segments * width, 0);
        ScanBackward.Carry[] carries = new ScanBackward.Carry[heads * segments];
        Arrays.setAll(carries, i -> new ScanBackward.Carry());
        Workers.run(heads, head -> fill(weights, head, input, head / perBatch, head % perBatch));
        Workers.run(heads * (segments - 1), task -> {
            int head = task / (segments - 1);
            int segment = task % (segments - 1) + 1;
            int slot = head * segments + segment - 1;
            ScanBackward.scratch().sweep(weights, weights.base(head), values, out, gradient.out(),
                    gradient.prefixes(), null, null, head / perBatch, head % perBatch,
                    start(segment, segments, rows), start(segment + 1, segments, rows), carries[slot], suffixes,
                    slot * width);
        });
        for (int head = 0; head < heads; head++) {
            int base = weights.base(head);
            int slot = head * segments + segments - 1;
            lastGradient(weights, base, out, gradient.last(), head / perBatch, head % perBatch, carries[slot],
                    suffixes, slot * width);
            for (int segment = segments - 1; segment > 0; segment--, slot--) {
                int first = base + 1 + start(segment, segments, rows);
                int after = base + 1 + start(segment + 1, segments, rows);
                float decay = segment == segments - 1
                        ? decay(weights, first, after - 1) : decay(weights, first, after);
                for (int i = 0; i < width; i++) {
                    int at = (slot - 1) * width + i;
                    suffixes[at] = Math.fma(suffixes[at + width], decay, suffixes[at]);
                }
                carries[slot - 1].normaliser += decay * carries[slot].normaliser;
                if (weights.maximum[after - 1] == weights.maximum[first - 1]) { // no new maximum inside
                    carries[slot - 1].maximum += carries[slot].maximum;
                }
            }
        }
        Workers.run(heads * segments, task -> {
            int head = task / segments;
            int segment = task % segments;
            sweepBack(weights, weights.base(head), values, out, gradient, result, head / perBatch, head % perBatch,
                    start(segment, segments, rows), start(segment + 1, segments, rows), carries[task], suffixes,
                    task * width);
            if (segment == 0) {
                initialGradient(weights, weights.base(head), input.initial(), result.initial(), head / perBatch,
                        head % perBatch, carries[task], suffixes, task * width);
            }
        });
    }

    /**
     * Adds one token to the state of every head and gives the output: the recurrent form.
     *
     * @param score (B, H, 1, 1)
     * @param value (B, H, 1, d)
     * @param state read and overwritten, one row
     * @param out   o, (B, H, 1, d)
     * @throws IllegalArgumentException when there is more than one token or shapes disagree
     */
    public static void step(Rows score, Rows value, ScanState state, Rows out) {
        Arguments.required("score", score);
        Arguments.equal("score rows", score.rows(), 1);
        Arguments.required("state", state);
        forward(new Input(score, value, state), new Output(out, null, state));
    }

    /**
     * Combines the states of two sets of tokens, exactly: the result is the state of their union. The result may be the
     * same memory as either.
     *
     * @throws IllegalArgumentException when shapes disagree or a state is incomplete
     */
    public static void merge(ScanState left, ScanState right, ScanState result) {
        left.checkWhole("left");
        right.checkWhole("right");
        result.checkWhole("result");
        Rows sum = left.weighted();
        left.check("left", sum.batch(), sum.heads(), sum.rows(), sum.width());
        right.check("right", sum.batch(), sum.heads(), sum.rows(), sum.width());
        result.check("result", sum.batch(), sum.heads(), sum.rows(), sum.width());
        for (int b = 0; b < sum.batch(); b++) {
            for (int h = 0; h < sum.heads(); h++) {
                for (int row = 0; row < sum.rows(); row++) {
                    merge(left, right, result, b, h, row);
                }
            }
        }
    }

    private static void merge(ScanState left, ScanState right, ScanState result, int b, int h, int row) {
        float leftMaximum = get(left.maximum(), b, h, row, 0);
        float rightMaximum = get(right.maximum(), b, h, row, 0);
        float maximum = Math.max(leftMaximum, rightMaximum);
        float reference = Math.max(maximum, -Float.MAX_VALUE);
        float leftFactor = (float) Math.exp((double) leftMaximum - reference);
        float rightFactor = (float) Math.exp((double) rightMaximum - reference);
        set(result.maximum(), b, h, row, 0, maximum);
        set(result.normaliser(), b, h, row, 0, get(left.normaliser(), b, h, row, 0) * leftFactor
                + get(right.normaliser(), b, h, row, 0) * rightFactor);
        for (int i = 0; i < left.weighted().width(); i++) {
            set(result.weighted(), b, h, row, i, get(left.weighted(), b, h, row, i) * leftFactor
                    + get(right.weighted(), b, h, row, i) * rightFactor);
        }
    }

    private static void checkInput(Input input) {
        Arguments.required("scores", input.scores());
        Arguments.required("values", input.values());
        Rows values = input.values();
        input.check("", values.batch(), values.heads(), values.rows(), values.width());
        if (input.initial() != null) {
            input.initial().checkWhole("initial");
        }
    }

    private static int segments(int heads, int rows) {
        if (heads == 0 || heads >= ENOUGH_HEADS) {
            return 1;
        }
        return Math.clamp(rows / SHORTEST_SEGMENT, 1, SEGMENTS / heads);
    }

    private static int start(int segment, int segments, int rows) {
        return (int) ((long) rows * segment / segments);
    }

    /** exp(m at slot {@code from} - m at slot {@code to}), the factor that carries a sum over all tokens between. */
    private static float decay(ScanWeights weights, int from, int to) {
        double before = Math.max(weights.maximum[from], -Float.MAX_VALUE);
        double after = Math.max(weights.maximum[to], -Float.MAX_VALUE);
        return (float) Math.exp(before - after);
    }

    private static void run(int tasks, long work, Workers.Task task) {
        if (work < SMALL) {
            for (int i = 0; i < tasks; i++) {
                task.run(i);
            }
        } else {
            Workers.run(tasks, task);
        }
    }

    private static void fill(ScanWeights weights, int slot, Input input, int b, int h) {
        ScanState initial = input.initial();
        weights.fill(slot, input.scores(), b, h,
                initial == null ? Float.NEGATIVE_INFINITY : get(initial.maximum(), b, h, 0, 0),
                initial == null ? 0 : get(initial.normaliser(), b, h, 0, 0));
    }

    private static void initialSum(ScanState initial, int b, int h, float[] state, int width) {
        for (int i = 0; i < width; i++) {
            state[i] = initial == null ? 0 : get(initial.weighted(), b, h, 0, i);
        }
    }

    private static void sweep(ScanWeights weights, int base, Input input, Output output, int b, int h, int from, int to,
                              float[] state, int stateAt) {
        ScanState prefixes = output.prefixes();
        ScanForward.sweep(weights, base, input.values(), output.out(), prefixes == null ? null : prefixes.weighted(),
                b, h, from, to, state, stateAt);
        if (prefixes != null) {
            for (int t = from; t < to; t++) {
                set(prefixes.maximum(), b, h, t, 0, weights.maximum[base + 1 + t]);
                set(prefixes.normaliser(), b, h, t, 0, weights.normaliser[base + 1 + t]);
            }
        }
    }

    private static void last(ScanWeights weights, int base, Output output, int b, int h, int rows, float[] state,
                             int stateAt) {
        ScanState last = output.last();
        if (last != null) {
            set(last.maximum(), b, h, 0, 0, weights.maximum[base + rows]);
            set(last.normaliser(), b, h, 0, 0, weights.normaliser[base + rows]);
            for (int i = 0; last.weighted() != null && i < last.weighted().width(); i++) {
                set(last.weighted(), b, h, 0, i, state[stateAt + i]);
            }
        }
    }

    private static void sweepBack(ScanWeights weights, int base, Rows values, Rows out, Output gradient, Input result,
                                  int b, int h, int from, int to, ScanBackward.Carry carry, float[] suffix, int at) {
        ScanBackward.scratch().sweep(weights, base, values, out, gradient.out(), gradient.prefixes(), result.scores(),
                result.values(), b, h, from, to, carry, suffix, at);
    }

    /** The gradient of the last state enters as that of one more prefix after the last, with decay 1. */
    private static void lastGradient(ScanWeights weights, int base, Rows out, ScanState last, int b, int h,
                                     ScanBackward.Carry carry, float[] suffix, int at) {
        int width = out.width();
        int rows = out.rows();
        Arrays.fill(suffix, at, at + width, 0);
        if (last == null) {
            return;
        }
        double c = weights.normaliser[base + rows];
        double dot = 0;
        for (int i = 0; last.weighted() != null && i < width; i++) {
            float g = get(last.weighted(), b, h, 0, i);
            suffix[at + i] = g;
            dot += rows == 0 ? 0 : (double) g * get(out, b, h, rows - 1, i);
        }
        carry.normaliser = last.normaliser() == null ? 0 : get(last.normaliser(), b, h, 0, 0);
        carry.maximum = (last.maximum() == null ? 0 : get(last.maximum(), b, h, 0, 0))
                - carry.normaliser * c - dot * c;
    }

    private static void initialGradient(ScanWeights weights, int base, ScanState initial, ScanState result, int b,
                                        int h, ScanBackward.Carry carry, float[] suffix, int at) {
        if (result == null) {
            return;
        }
        float decay = weights.decay[base + 1];
        double normaliser = decay * carry.normaliser;
        double maximum = carry.maximum + (initial == null ? 0 : normaliser * weights.normaliser[base]);
        for (int i = 0; i < weightedWidth(initial, result); i++) {
            float g = decay * suffix[at + i];
            if (initial != null) {
                maximum += (double) g * get(initial.weighted(), b, h, 0, i);
            }
            set(result.weighted(), b, h, 0, i, g);
        }
        boolean empty = weights.maximum[base] == Float.NEGATIVE_INFINITY;
        set(result.normaliser(), b, h, 0, 0, (float) normaliser);
        set(result.maximum(), b, h, 0, 0, empty ? 0 : (float) maximum);
    }

    private static int weightedWidth(ScanState initial, ScanState result) {
        return initial != null ? initial.weighted().width() : result.weighted() == null ? 0 : result.weighted().width();
    }

    private static float get(Rows rows, int b, int h, int row, int column) {
        return rows.data().get(ValueLayout.JAVA_FLOAT, (rows.offset(b, h, row) + column) * Float.BYTES);
    }

    /** Does nothing for an output that is not wanted. */
    private static void set(Rows rows, int b, int h, int row, int column, float value) {
        if (rows != null) {
            MemorySegment data = rows.data();
            data.set(ValueLayout.JAVA_FLOAT, (rows.offset(b, h, row) + column) * Float.BYTES, value);
        }
    }
}
