package io.heed.kernels;

import java.util.Arrays;

/**
 * The selective scan of S6 (Gu and Dao, "Mamba", arXiv 2312.00752, section 3): a diagonal recurrence of n states a
 * channel whose step size, write and read vectors depend on the token,
 *
 * <pre>
 *   h_t[c, s] = exp(delta_t[c] a[c, s]) h_{t-1}[c, s] + delta_t[c] b_t[s] u_t[c]
 *   y_t[c]    = sum_s c_t[s] h_t[c, s]
 * </pre>
 *
 * with delta at least 0 and a at most 0. A step size of 0 leaves the state as it is. Channels lie in vector lanes; the
 * states of a block of channels stay in registers through a run of {@value #RUN} tokens. The backward pass recomputes
 * the states of each run from the state at its start, which the forward pass writes out if asked, so that memory beside
 * inputs and outputs is that of N / {@value #RUN} states.
 *
 * <p>Tasks are blocks of channels of one sequence, cut by the shapes alone; sums over channels are added in a fixed
 * order.
 */
public final class SelectiveScan {
    /** Tokens that one block of channels goes through before its state is noted. */
    static final int RUN = 32;
    /** States that go through a run together. */
    static final int GROUP = 4;
    private static final int LANES = Lanes.COUNT;
    /** Tasks worth having, whatever the number of threads. */
    private static final int TASKS = 16;
    private static final int MOST_BLOCKS = 8;

    private SelectiveScan() { }

    /**
     * What the scan reads; also the shape of the gradients with respect to it, each of which may be null: not wanted.
     *
     * @param u       (B, 1, N, D)
     * @param delta   (B, 1, N, D), step sizes, at least 0
     * @param a       (1, 1, D, n), at most 0; or (1, 1, D, 1), one rate for all states of a channel
     * @param b       (B, 1, N, n), how a token writes
     * @param c       (B, 1, N, n), how a token reads
     * @param initial (B, 1, D, n), the state before the first token, or null for 0
     */
    public record Input(Rows u, Rows delta, Rows a, Rows b, Rows c, Rows initial) { }

    /**
     * What the scan writes; also the shape of the gradients that come back. Each may be null: not wanted, or absent.
     *
     * @param y      (B, 1, N, D)
     * @param last   (B, 1, D, n), the state after the last token; may be the same memory as the initial state
     * @param starts (B, 1, {@link #runs}, {@link #startWidth}), states at the start of every run, for the backward
     *               pass; no gradient belongs to it
     */
    public record Output(Rows y, Rows last, Rows starts) { }

    /** Runs of tokens in N tokens. */
    public static int runs(int rows) {
        return (rows + RUN - 1) / RUN;
    }

    /** Floats that the state at the start of a run takes, for D channels of n states. */
    public static int startWidth(int channels, int states) {
        return Math.multiplyExact(blocks(channels) * LANES, padded(states));
    }

    /**
     * Scans all sequences.
     *
     * @throws IllegalArgumentException when an input is missing or shapes disagree
     */
    public static void forward(Input input, Output output) {
        check("", input);
        checkOutput("", input, output);
        Rows u = input.u();
        int blocks = blocks(u.width());
        int each = blocksOfTask(u.batch(), blocks);
        int tasks = (blocks + each - 1) / each;
        Workers.run(u.batch() * tasks, task -> {
            int first = task % tasks * each;
            SelectiveForward.scan(input, output, task / tasks, first, Math.min(first + each, blocks));
        });
    }

    /**
     * Gradients of the scan with respect to its input. Overwrites what it is asked for.
     *
     * @param input    what the forward scan read
     * @param starts   what the forward scan wrote there
     * @param gradient with respect to y and the last state; null where there is none
     * @param result   where the gradients go; null where not wanted
     * @throws IllegalArgumentException when an input is missing or shapes disagree
     */
    public static void backward(Input input, Rows starts, Output gradient, Input result) {
        check("", input);
        check("result for ", shaped(input, result));
        checkOutput("gradient of ", input, new Output(gradient.y(), gradient.last(), starts));
        Arguments.required("starts", starts);
        Rows u = input.u();
        int states = input.b().width();
        int blocks = blocks(u.width());
        int each = blocksOfTask(u.batch(), blocks);
        int tasks = (blocks + each - 1) / each;
        int all = u.batch() * tasks;
        float[][] reads = new float[all][];
        float[][] writes = new float[all][];
        float[][] rates = new float[all][];
        Workers.run(all, task -> {
            int first = task % tasks * each;
            SelectiveBackward backward = new SelectiveBackward(input, starts, gradient, result, task / tasks, first,
                    Math.min(first + each, blocks));
            backward.run();
            reads[task] = backward.reads();
            writes[task] = backward.writes();
            rates[task] = backward.rates();
        });
        Workers.run(u.batch(), b -> {
            sum(Arrays.copyOfRange(writes, b * tasks, (b + 1) * tasks), result.b(), b, padded(states));
            sum(Arrays.copyOfRange(reads, b * tasks, (b + 1) * tasks), result.c(), b, padded(states));
        });
        if (result.a() != null) {
            sumRates(rates, tasks, each, result.a(), states);
        }
    }

    /**
     * One more token of each sequence: the recurrent form.
     *
     * @param input one token; {@code input.initial} is read
     * @param state (B, 1, D, n), overwritten; may be the same memory
     * @param y     (B, 1, 1, D)
     */
    public static void step(Input input, Rows state, Rows y) {
        Arguments.required("u", input.u());
        Arguments.equal("u rows", input.u().rows(), 1);
        forward(input, new Output(y, state, null));
    }

    /** Blocks of {@link Lanes#COUNT} channels. */
    static int blocks(int channels) {
        return (channels + LANES - 1) / LANES;
    }

    /** n up to a whole number of groups. */
    static int padded(int states) {
        return (states + GROUP - 1) / GROUP * GROUP;
    }

    private static int blocksOfTask(int batch, int blocks) {
        return Math.clamp((long) batch * blocks / TASKS, 1, Math.min(MOST_BLOCKS, Math.max(1, blocks)));
    }

    /** Adds the parts of all blocks of one sequence, in their order. */
    private static void sum(float[][] parts, Rows result, int batch, int padded) {
        if (result == null) {
            return;
        }
        for (int t = 0; t < result.rows(); t++) {
            long at = result.offset(batch, 0, t);
            for (int s = 0; s < result.width(); s++) {
                float sum = 0;
                for (float[] part : parts) {
                    sum += part[t * padded + s];
                }
                SelectiveTile.set(result, at + s, sum);
            }
        }
    }

    /** Adds the rates' gradients over sequences, and over states where they share one rate. */
    private static void sumRates(float[][] parts, int tasks, int each, Rows result, int states) {
        int padded = padded(states);
        for (int channel = 0; channel < result.rows(); channel++) {
            int block = channel / LANES;
            int at = block % each * padded * LANES + channel % LANES;
            double shared = 0;
            for (int s = 0; s < states; s++) {
                double sum = 0;
                for (int part = block / each; part < parts.length; part += tasks) {
                    sum += parts[part][at + s * LANES];
                }
                shared += sum;
                if (result.width() > 1) {
                    SelectiveTile.set(result, result.offset(0, 0, channel) + s, (float) sum);
                }
            }
            if (result.width() == 1) {
                SelectiveTile.set(result, result.offset(0, 0, channel), (float) shared);
            }
        }
    }

    /** {@code result} with the inputs themselves where nothing is wanted, so that one check fits both. */
    private static Input shaped(Input input, Input result) {
        return new Input(result.u() == null ? input.u() : result.u(), result.delta() == null ? input.delta()
                : result.delta(),
                result.a() == null ? input.a() : result.a(), result.b() == null ? input.b() : result.b(),
                result.c() == null ? input.c() : result.c(), result.initial());
    }

    private static void check(String name, Input input) {
        Arguments.required(name + "u", input.u());
        Arguments.required(name + "delta", input.delta());
        Arguments.required(name + "a", input.a());
        Arguments.required(name + "b", input.b());
        Arguments.required(name + "c", input.c());
        Rows u = input.u();
        int states = input.b().width();
        Arguments.shape(name + "u", u, u.batch(), 1, u.rows(), u.width());
        Arguments.shape(name + "delta", input.delta(), u.batch(), 1, u.rows(), u.width());
        Arguments.shape(name + "a", input.a(), 1, 1, u.width(), input.a().width() == 1 ? 1 : states);
        Arguments.shape(name + "b", input.b(), u.batch(), 1, u.rows(), states);
        Arguments.shape(name + "c", input.c(), u.batch(), 1, u.rows(), states);
        Arguments.shape(name + "initial", input.initial(), u.batch(), 1, u.width(), states);
    }

    private static void checkOutput(String name, Input input, Output output) {
        Rows u = input.u();
        int states = input.b().width();
        Arguments.shape(name + "y", output.y(), u.batch(), 1, u.rows(), u.width());
        Arguments.shape(name + "last", output.last(), u.batch(), 1, u.width(), states);
        Arguments.shape(name + "starts", output.starts(), u.batch(), 1, runs(u.rows()), startWidth(u.width(), states));
    }
}
