package io.heed.kernels;

import java.lang.foreign.MemorySegment;

/**
 * Causal linear attention with the second-order Taylor map of the exponential (Arora et al. 2024, "Simple linear
 * attention language models balance the recall-throughput tradeoff", arXiv 2402.18668), on the CPU, in chunks:
 *
 * <pre>
 *   u_tj = q_t . k_j / sqrt(f),   a_tj = 1 + u_tj + u_tj^2 / 2 = phi(q_t) . phi(k_j)
 *   o_t  = sum_{j&lt;=t} a_tj v_j / ( sum_{j&lt;=t} a_tj + eps )
 * </pre>
 *
 * phi(x) holds 1, x / f^(1/4), and the f (f + 1) / 2 products x_a x_b / sqrt(f), a &lt;= b, those of a = b over
 * sqrt(2): P = 1 + f + f (f + 1) / 2 features. Features exist for one chunk of one head at a time, in scratch; inside
 * a chunk a is computed from u. A head's state is the sums of phi(k_j) [v_j, 1]^T, (P, e + 1): the last column is the
 * denominator's.
 *
 * <p>Results are the same bits for any number of threads. Outputs must not share memory with inputs, except the last
 * state with the initial one.
 */
public final class TaylorAttention {
    private static final int WIDEST_FEATURE = 64;
    private static final int WIDEST = 256;

    private TaylorAttention() { }

    /**
     * What it reads, and, without the state, the shape of the gradients with respect to it.
     *
     * @param q       (B, H, N, f), f from 1 to 64
     * @param k       (B, H, N, f)
     * @param v       (B, H, N, e), e from 1 to 256
     * @param initial the state of the tokens before the first, (B, H, P, e + 1), or null for none; no gradient goes
     *                through it
     */
    public record Input(Rows q, Rows k, Rows v, Rows initial) {
        void check(String name, int batch, int heads, int rows, int featureWidth, int valueWidth) {
            Arguments.shape(name + "q", q, batch, heads, rows, featureWidth);
            Arguments.shape(name + "k", k, batch, heads, rows, featureWidth);
            Arguments.shape(name + "v", v, batch, heads, rows, valueWidth);
            Arguments.shape(name + "initial", initial, batch, heads, features(featureWidth), valueWidth + 1);
        }
    }

    /**
     * What it writes.
     *
     * @param out         o, (B, H, N, e)
     * @param normalizers the denominators, eps included, (B, H, N) contiguous, for the backward pass; null when not
     *                    wanted
     * @param last        the state after the last token, (B, H, P, e + 1); null when not wanted
     */
    public record Output(Rows out, MemorySegment normalizers, Rows last) { }

    /** P = 1 + f + f (f + 1) / 2. */
    public static int features(int featureWidth) {
        return 1 + featureWidth + featureWidth * (featureWidth + 1) / 2;
    }

    /**
     * Outputs, and what is asked for besides.
     *
     * @param padding which keys exist; the others contribute nothing, whatever they hold
     * @throws IllegalArgumentException when shapes do not fit, naming the argument and both numbers
     */
    public static void forward(Input input, Output output, KeyPadding padding, double epsilon) {
        check(input, padding);
        checkOutput(input, output);
        new TaylorForward(input, output, padding, (float) epsilon).run();
    }

    /**
     * Gradients with respect to q, k and v; overwrites what it is asked for.
     *
     * @param input    what the forward pass read, without an initial state
     * @param output   what the forward pass wrote: outputs and normalizers
     * @param gradient with respect to the outputs, (B, H, N, e)
     * @param result   where the gradients go; null where not wanted
     * @throws IllegalArgumentException when shapes do not fit, naming the argument and both numbers
     */
    public static void backward(Input input, Output output, Rows gradient, Input result, KeyPadding padding) {
        check(input, padding);
        checkOutput(input, output);
        Arguments.required("normalizers", output.normalizers());
        Rows q = input.q();
        Arguments.required("gradient", gradient);
        Arguments.shape("gradient", gradient, q.batch(), q.heads(), q.rows(), input.v().width());
        result.check("result for ", q.batch(), q.heads(), q.rows(), q.width(), input.v().width());
        if (input.initial() != null || result.initial() != null) {
            throw new IllegalArgumentException("initial: gradients through a state are not computed, pass null");
        }
        new TaylorBackward(input, output, gradient, result, padding).run();
    }

    /**
     * The recurrent form, one token a sequence: adds phi(k) [v, 1]^T to the state and reads it by phi(q), in one pass.
     *
     * @param q     (B, H, 1, f)
     * @param k     (B, H, 1, f)
     * @param v     (B, H, 1, e)
     * @param state read and overwritten, (B, H, P, e + 1)
     * @param out   (B, H, 1, e)
     * @throws IllegalArgumentException when there is more than one token or shapes do not fit
     */
    public static void step(Rows q, Rows k, Rows v, Rows state, Rows out, double epsilon) {
        Input input = new Input(q, k, v, state);
        Arguments.required("state", state);
        check(input, KeyPadding.none());
        checkOutput(input, new Output(out, null, null));
        Arguments.equal("q rows", q.rows(), 1);
        TaylorStep.run(input, out, (float) epsilon);
    }

    private static void check(Input input, KeyPadding padding) {
        Arguments.required("q", input.q());
        Arguments.required("k", input.k());
        Arguments.required("v", input.v());
        Arguments.required("padding", padding);
        Rows q = input.q();
        Arguments.range("q width", q.width(), 1, WIDEST_FEATURE);
        Arguments.range("v width", input.v().width(), 1, WIDEST);
        input.check("", q.batch(), q.heads(), q.rows(), q.width(), input.v().width());
        LinearAttentionSpec.ofCausal().withPadding(padding).check(q.batch(), q.heads(), q.rows());
    }

    private static void checkOutput(Input input, Output output) {
        Rows q = input.q();
        Arguments.required("out", output.out());
        Arguments.shape("out", output.out(), q.batch(), q.heads(), q.rows(), input.v().width());
        Arguments.shape("last", output.last(), q.batch(), q.heads(), features(q.width()), input.v().width() + 1);
        if (output.normalizers() != null) {
            long floats = (long) q.batch() * q.heads() * q.rows();
            if (output.normalizers().byteSize() < floats * Float.BYTES) {
                throw new IllegalArgumentException("normalizers hold " + output.normalizers().byteSize() / Float.BYTES
                        + " floats, must hold " + floats);
            }
        }
    }
}
