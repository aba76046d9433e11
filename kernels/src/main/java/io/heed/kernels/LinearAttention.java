package io.heed.kernels;

/**
 * Linear attention on the CPU, in chunks: dense products inside a chunk, and a state (d, e) carried between chunks (Qin
 * et al. 2024, "Various Lengths, Constant Speed: Efficient Language Modeling with Lightning Attention", arXiv
 * 2405.17381):
 *
 * <pre>
 *   causal:  o_t = scale * sum_{j&lt;=t} exp(-s_h (t - j)) (q_t . k_j) v_j  +  scale * exp(-s_h (t + 1)) q_t S0
 *   full:    o_t = scale * q_t (S0 + sum_j k_j v_j^T)
 * </pre>
 *
 * There is no normaliser; a column of ones in v gives the denominator of those mechanisms that have one. Work and
 * memory are linear in N. Results are the same bits for any number of threads. Outputs must not share memory with
 * inputs, except the last state with the initial one.
 */
public final class LinearAttention {
    private static final int WIDEST = 256;

    private LinearAttention() { }

    /**
     * What linear attention reads; also the shape of the gradients with respect to it.
     *
     * @param q       (B, H, N, d), d from 1 to 256
     * @param k       (B, H, N, d)
     * @param v       (B, H, N, e), e from 1 to 256
     * @param initial S0, the state of the tokens before the first, (B, H, d, e), or null for none
     */
    public record Input(Rows q, Rows k, Rows v, Rows initial) {
        void check(String name, int batch, int heads, int rows, int keyWidth, int valueWidth) {
            Arguments.shape(name + "q", q, batch, heads, rows, keyWidth);
            Arguments.shape(name + "k", k, batch, heads, rows, keyWidth);
            Arguments.shape(name + "v", v, batch, heads, rows, valueWidth);
            Arguments.shape(name + "initial", initial, batch, heads, keyWidth, valueWidth);
        }
    }

    /**
     * What linear attention writes; also the shape of the gradients that come back. Either may be null.
     *
     * @param out  o, (B, H, N, e)
     * @param last the state after the last token, sum_j exp(-s_h (N - 1 - j)) k_j v_j^T + exp(-s_h N) S0, (B, H, d, e)
     */
    public record Output(Rows out, Rows last) {
        void check(String name, Input input) {
            Rows q = input.q();
            Arguments.shape(name + "out", out, q.batch(), q.heads(), q.rows(), input.v().width());
            Arguments.shape(name + "last", last, q.batch(), q.heads(), q.width(), input.v().width());
        }
    }

    /** @throws IllegalArgumentException when shapes do not fit, naming the argument and both numbers */
    public static void forward(Input input, Output output, LinearAttentionSpec spec) {
        check(input, spec);
        output.check("", input);
        new LinearForward(input, output, spec).run();
    }

    /**
     * Gradients with respect to the input; the decays are constants. Overwrites what it is asked for.
     *
     * @param input    what the forward pass read
     * @param gradient with respect to each output; null where there is none
     * @param result   where the gradients go; null where not wanted
     * @throws IllegalArgumentException when shapes do not fit, naming the argument and both numbers
     */
    public static void backward(Input input, Output gradient, Input result, LinearAttentionSpec spec) {
        check(input, spec);
        Rows q = input.q();
        gradient.check("gradient of ", input);
        result.check("result for ", q.batch(), q.heads(), q.rows(), q.width(), input.v().width());
        new LinearBackward(input, gradient, result, spec).run();
    }

    /**
     * The recurrent form, one token a sequence: S = exp(-s_h) S + k v^T, o = scale q S.
     *
     * @param q     (B, H, 1, d)
     * @param k     (B, H, 1, d)
     * @param v     (B, H, 1, e)
     * @param state read and overwritten, (B, H, d, e)
     * @param out   (B, H, 1, e)
     * @throws IllegalArgumentException when there is more than one token, shapes do not fit, or {@code spec} is not
     *         causal
     */
    public static void step(Rows q, Rows k, Rows v, Rows state, Rows out, LinearAttentionSpec spec) {
        Input input = new Input(q, k, v, state);
        Arguments.required("state", state);
        Arguments.required("out", out);
        check(input, spec);
        Arguments.equal("q rows", q.rows(), 1);
        Output output = new Output(out, state);
        output.check("", input);
        if (!spec.causal()) {
            throw new IllegalArgumentException("spec is full attention, a step must be causal");
        }
        LinearStep.run(input, output, spec);
    }

    private static void check(Input input, LinearAttentionSpec spec) {
        Arguments.required("q", input.q());
        Arguments.required("k", input.k());
        Arguments.required("v", input.v());
        Arguments.required("spec", spec);
        Rows q = input.q();
        Arguments.range("q width", q.width(), 1, WIDEST);
        Arguments.range("v width", input.v().width(), 1, WIDEST);
        input.check("", q.batch(), q.heads(), q.rows(), q.width(), input.v().width());
        spec.check(q.batch(), q.heads(), q.rows());
    }
}
