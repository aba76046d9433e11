package io.heed.kernels;

import java.lang.foreign.MemorySegment;

/**
 * Causal attention through landmarks on the CPU (Mohtashami and Jaggi, NeurIPS 2023, arXiv 2305.16300): every block of
 * tokens ends with a landmark, whose logit gates the block. With x_ij = q_i . k_j / sqrt(d), b(j) the block of token j:
 *
 * <pre>
 *   j in an earlier block:  w_ij = softmax over that block's tokens of x_ij  *  gate_i b(j)
 *   j in i's own block:     w_ij = gate_i j                                  for j &lt;= i that is no landmark
 *   gate_i = one softmax over the landmarks of earlier blocks and the tokens of i's own
 * </pre>
 *
 * Landmarks' values are never read. Blocks have {@code block} tokens, the landmark their last; what is left at the end
 * is a block whose landmark has not come. Logits live in tiles; each block is normalised within its tile. Results are
 * the same bits for any number of threads. Outputs must not share memory with inputs.
 */
public final class LandmarkAttention {
    private static final int WIDEST = 256;
    private static final int LONGEST_BLOCK = 1024;

    private LandmarkAttention() { }

    /**
     * What it reads; also the shape of the gradients with respect to it.
     *
     * @param q (B, H, N, d), d from 1 to 256
     * @param k (B, H, N, d)
     * @param v (B, H, N, e), e from 1 to 256
     */
    public record Input(Rows q, Rows k, Rows v) {
        void check(String name, int batch, int heads, int rows, int keyWidth, int valueWidth) {
            Arguments.shape(name + "q", q, batch, heads, rows, keyWidth);
            Arguments.shape(name + "k", k, batch, heads, rows, keyWidth);
            Arguments.shape(name + "v", v, batch, heads, rows, valueWidth);
        }
    }

    /**
     * What it writes.
     *
     * @param out (B, H, N, e); 0 for a query that sees nothing
     * @param lse ln of each gate's sum, (B, H, N) contiguous, for the backward pass
     */
    public record Output(Rows out, MemorySegment lse) { }

    /**
     * Outputs.
     *
     * @param block   tokens of a block, its landmark included, 2 to 1024
     * @param padding which keys exist; a block without tokens, or without its landmark, is not there
     * @throws IllegalArgumentException when shapes do not fit, naming the argument and both numbers
     */
    public static void forward(Input input, Output output, int block, KeyPadding padding) {
        check(input, output, block, padding);
        new LandmarkForward(input, output, block, padding).run();
    }

    /**
     * Gradients with respect to q, k and v; overwrites what it is asked for.
     *
     * @param gradient with respect to the outputs, (B, H, N, e)
     * @param result   where the gradients go; null where not wanted
     * @throws IllegalArgumentException when shapes do not fit, naming the argument and both numbers
     */
    public static void backward(Input input, Output output, Rows gradient, Input result, int block,
            KeyPadding padding) {
        check(input, output, block, padding);
        Rows q = input.q();
        Arguments.required("gradient", gradient);
        Arguments.shape("gradient", gradient, q.batch(), q.heads(), q.rows(), input.v().width());
        result.check("result for ", q.batch(), q.heads(), q.rows(), q.width(), input.v().width());
        new LandmarkBackward(input, output, gradient, result, block, padding).run();
    }

    private static void check(Input input, Output output, int block, KeyPadding padding) {
        Arguments.required("q", input.q());
        Arguments.required("k", input.k());
        Arguments.required("v", input.v());
        Arguments.required("padding", padding);
        Arguments.required("out", output.out());
        Arguments.required("lse", output.lse());
        Rows q = input.q();
        Arguments.range("q width", q.width(), 1, WIDEST);
        Arguments.range("v width", input.v().width(), 1, WIDEST);
        Arguments.range("block", block, 2, LONGEST_BLOCK);
        input.check("", q.batch(), q.heads(), q.rows(), q.width(), input.v().width());
        Arguments.shape("out", output.out(), q.batch(), q.heads(), q.rows(), input.v().width());
        long floats = (long) q.batch() * q.heads() * q.rows();
        if (output.lse().byteSize() < floats * Float.BYTES) {
            throw new IllegalArgumentException("lse holds " + output.lse().byteSize() / Float.BYTES
                    + " floats, must hold "
                    + floats);
        }
        LinearAttentionSpec.ofCausal().withPadding(padding).check(q.batch(), q.heads(), q.rows());
    }
}
