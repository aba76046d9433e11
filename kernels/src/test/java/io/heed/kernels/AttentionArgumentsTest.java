package io.heed.kernels;

import java.lang.foreign.MemorySegment;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/** Every refusal names the argument and both numbers, and comes before any memory is written. */
class AttentionArgumentsTest {
    private static final AttentionSpec SOFTMAX = AttentionSpec.softmax();
    private static final AttentionSpec SIGMOID = AttentionSpec.sigmoid();

    private final Rows q = view(2, 4, 5, 32);
    private final Rows k = view(2, 2, 7, 32);
    private final Rows v = view(2, 2, 7, 16);
    private final Rows out = view(2, 4, 5, 16);
    private final MemorySegment lse = floats(2 * 4 * 5);
    private final Rows dq = view(2, 4, 5, 32);
    private final Rows dk = view(2, 2, 7, 32);
    private final Rows dv = view(2, 2, 7, 16);
    private final AttentionGradients gradients = AttentionGradients.of(dq, dk, dv);

    @Test
    void acceptsWhatFits() {
        Attention.forward(q, k, v, out, lse, SOFTMAX);
        Attention.backward(q, k, v, out, lse, out, gradients, SOFTMAX);
        assertThat(AttentionProblem.floats(dv)).contains(0f);
    }

    @Test
    void shapes() {
        refused(() -> Attention.forward(q, view(2, 2, 7, 64), v, out, SOFTMAX), "k: head width 64, q has 32");
        refused(() -> Attention.forward(q, view(3, 2, 7, 32), v, out, SOFTMAX), "k: batch 3, q has 2");
        refused(() -> Attention.forward(q, k, view(2, 2, 8, 16), out, SOFTMAX), "v: rows 8, k has 7");
        refused(() -> Attention.forward(q, k, view(2, 1, 7, 16), out, SOFTMAX), "v: heads 1, k has 2");
        refused(() -> Attention.forward(q, view(2, 3, 7, 32), view(2, 3, 7, 16), out, SOFTMAX),
                "k: heads 3, q has 4, which is not a multiple");
        refused(() -> Attention.forward(view(1, 1, 2, 257), view(1, 1, 2, 257), view(1, 1, 2, 8), view(1, 1, 2, 8),
                SOFTMAX), "q: head width 257, must be 1 to 256");
        refused(() -> Attention.forward(q, k, view(2, 2, 7, 0), out, SOFTMAX), "v: value width 0, must be 1 to 256");
        refused(() -> Attention.forward(q, k, v, view(2, 4, 6, 16), SOFTMAX), "out: rows 6, q has 5");
        refused(() -> Attention.forward(q, k, v, view(2, 4, 5, 17), SOFTMAX), "out: width 17, v has 16");
        refused(() -> Attention.forward(q, k, v, new Rows(out.data(), 2, 4, 5, 16, 320, 0, 16), SOFTMAX),
                "out: head stride 0 would write 4 to one place");
        refused(() -> Attention.forward(q, k, v, out, floats(39), SOFTMAX),
                "lse: holds 39 floats, (B, H, Nq) = (2, 4, 5) needs 40");
        refused(() -> Attention.forward(q, k, v, out, lse, SIGMOID), "lse: sigmoid has no log-sum-exp, pass null");
    }

    @Test
    void gradients() {
        refused(() -> Attention.backward(q, k, v, out, lse, view(2, 4, 5, 32), gradients, SOFTMAX),
                "dOut: width 32, v has 16");
        refused(() -> Attention.backward(q, k, v, out, lse, out, AttentionGradients.of(view(2, 4, 4, 32), dk, dv),
                SOFTMAX), "dq: rows 4, q has 5");
        refused(() -> Attention.backward(q, k, v, out, lse, out, AttentionGradients.of(dq, view(2, 4, 7, 32), dv),
                SOFTMAX), "dk: heads 4, k has 2");
        refused(() -> Attention.backward(q, k, v, out, lse, out, AttentionGradients.of(dq, dk, view(2, 2, 7, 8)),
                SOFTMAX), "dv: width 8, v has 16");
        refused(() -> Attention.backward(q, k, v, out, lse, out, gradients.withRelativeTable(floats(8)), SOFTMAX),
                "relative table gradient: wanted, but the bias is None");
        refused(() -> Attention.backward(q, k, v, out, lse, out, gradients.withDenseBias(view(1, 1, 5, 7)), SOFTMAX),
                "dense bias gradient: wanted, but the bias is None");
        refused(() -> Attention.backward(q, k, v, null, null, out, lse, gradients, SIGMOID),
                "dLse: sigmoid has no log-sum-exp, pass null");
    }

    @Test
    void masksPaddingAndBias() {
        refused(() -> run(SOFTMAX.withPadding(KeyPadding.lengths(7))), "key lengths: 1 given, q has batch 2");
        refused(() -> run(SOFTMAX.withPadding(KeyPadding.lengths(7, 8))),
                "key lengths: sequence 1 has 8, must be 0 to 7");
        refused(() -> run(SOFTMAX.withPadding(KeyPadding.flags(MemorySegment.ofArray(new byte[13])))),
                "key flags: hold 13 bytes, (B, Nk) = (2, 7) needs 14");
        refused(() -> run(SOFTMAX.withBias(Bias.alibi(1f, 2f))), "alibi: slopes 2, q has 4 heads");
        refused(() -> run(SOFTMAX.withBias(Bias.relative(floats(11), 1, 1))),
                "relative table: holds 11 floats, (H, left + 1 + right) = (4, 3) needs 12");
        refused(() -> run(SOFTMAX.withBias(Bias.dense(view(1, 3, 5, 7)))), "dense bias: heads 3, q has 4");
        refused(() -> run(SOFTMAX.withBias(Bias.dense(view(1, 1, 5, 6)))), "dense bias: width 6, k has 7 rows");
        refused(() -> Mask.slidingWindow(-1, 0), "window: widths must not be negative, got left -1, right 0");
        refused(() -> run(SOFTMAX.withMask(new Mask.Placed(new int[4]))),
                "positions: 4 given, 2 sequences of 5 queries need 10");
        refused(() -> run(SOFTMAX.withMask(new Mask.Placed(new int[] {0, 2, 1, 3, 4, 0, 1, 2, 3, 4}))),
                "positions: must not fall along sequence 0, got 1 after 2");
        refused(() -> run(SOFTMAX.withMask(sparse(2, 4, 2, 0, 1, 2))),
                "block-sparse: query blocks 2, 5 queries in blocks of 2 make 3");
        refused(() -> run(SOFTMAX.withMask(sparse(2, 4, 3, 0, 1, 2, 3, 4, 5, 6))),
                "block-sparse: lists for 6 query blocks, must be 3 for all heads or 12 for 4 heads");
        refused(() -> run(SOFTMAX.withMask(new Mask.BlockSparse(5, 4, 1, new int[] {0, 1}, new int[] {2}, false, 0))),
                "block-sparse: names key block 2, 7 keys in blocks of 4 make 2");
        refused(() -> new Mask.BlockSparse(5, 4, 1, new int[] {0, 2}, new int[] {1, 1}, false, 0),
                "block-sparse: key blocks of row 0 must ascend from 0, got 1 after 1");
        refused(() -> new Mask.BlockSparse(0, 4, 1, new int[] {0}, new int[0], false, 0),
                "block-sparse: blocks must hold at least 1, got 0 queries, 4 keys");
    }

    @Test
    void nothingIsWrittenWhenAnArgumentIsRefused() {
        Rows stale = view(2, 4, 5, 16);
        stale.data().fill((byte) 7);
        refused(() -> Attention.forward(q, k, v, stale, floats(1), SOFTMAX), "lse: holds 1 floats");
        for (float x : AttentionProblem.floats(stale)) {
            assertThat(Float.floatToRawIntBits(x)).isEqualTo(0x07070707);
        }
    }

    /** Query blocks of {@code queryBlock}, each seeing key block 0 only; {@code ends} are the offsets. */
    private static Mask sparse(int queryBlock, int keyBlock, int queryBlocks, int... ends) {
        return new Mask.BlockSparse(queryBlock, keyBlock, queryBlocks, ends, new int[ends[ends.length - 1]], false, 0);
    }

    private void run(AttentionSpec spec) {
        Attention.forward(q, k, v, out, spec);
    }

    private static void refused(ThrowingCallable call, String message) {
        assertThatIllegalArgumentException().isThrownBy(call).withMessageStartingWith(message);
    }

    private static Rows view(int batch, int heads, int rows, int width) {
        return Rows.contiguous(floats(batch * heads * rows * width), batch, heads, rows, width);
    }

    private static MemorySegment floats(int count) {
        return MemorySegment.ofArray(new float[count]);
    }
}
