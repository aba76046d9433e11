package io.heed.sequence.pointer;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LSTMImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorT_TensorTensor_T_T;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.nn.PackedRecurrence;
import io.heed.nn.Registration;
import io.heed.tensor.Ops;

/**
 * An LSTM that reads points and one that answers with their numbers; subclasses say how a decoder state scores the
 * answers.
 *
 * <p>Parameters {@code start_symbol (2)}, {@code end_symbol (h)}, {@code encoder_c_0 (h)}, {@code encoder.*} and
 * {@code decoder.*} as libtorch names an LSTM of one layer. All fresh weights are uniform, within 0.08 at 512 units as
 * in the paper, and wider for fewer, so that the sums they make are as large: pointers that all start alike learn late.
 */
abstract class PointModel extends Module {
    private static final double BOUND = 0.08;
    private static final double PAPER_UNITS = 512;

    private final int inputs;
    private final Tensor startSymbol;
    private final Tensor endSymbol;
    private final Tensor encoderCell;
    private final LSTMImpl encoder;
    private final LSTMImpl decoder;

    PointModel(String name, int inputs, int hidden) {
        super(name);
        this.inputs = inputs;
        startSymbol = Registration.parameter(this, "start_symbol", torch.empty(inputs));
        endSymbol = Registration.parameter(this, "end_symbol", torch.empty(hidden));
        encoderCell = Registration.parameter(this, "encoder_c_0", torch.empty(hidden));
        encoder = register_module("encoder", new LSTMImpl(inputs, hidden));
        decoder = register_module("decoder", new LSTMImpl(inputs, hidden));
    }

    /** Draws all weights anew; subclasses call it when all are registered. */
    final void drawWeights() {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            double bound = BOUND * Math.sqrt(PAPER_UNITS / endSymbol.size(0));
            TensorVector all = parameters();
            for (long i = 0; i < all.size(); i++) {
                all.get(i).uniform_(-bound, bound, null);
            }
        }
    }

    /**
     * What the encoder leaves.
     *
     * @param memory the end symbol's slot, then a state for each point: (B, 1 + N, h)
     * @param hidden (B, 1 + N) bool, true past a set's last point
     * @param h      the decoder's first state, (B, h)
     * @param c      its first cell, (B, h)
     */
    record Encoded(Tensor memory, Tensor hidden, Tensor h, Tensor c) {
        /** Rows repeated or chosen. */
        Encoded rows(Tensor indices) {
            return new Encoded(memory.index_select(0, indices), hidden.index_select(0, indices),
                    h.index_select(0, indices),
                    c.index_select(0, indices));
        }
    }

    /**
     * Reads point sets.
     *
     * @param points  (B, N, 2)
     * @param lengths (B) int64
     */
    final Encoded encode(Tensor points, Tensor lengths) {
        long batch = points.size(0);
        PackedRecurrence.LstmRun run = PackedRecurrence.lstm(encoder, points, lengths,
                endSymbol.expand(batch, endSymbol.size(0)),
                encoderCell.expand(batch, encoderCell.size(0)));
        Tensor memory = torch.cat(new TensorVector(endSymbol.expand(batch, 1, endSymbol.size(0)), run.outputs()), 1);
        Tensor positions = torch.arange(new Scalar(memory.size(1)), Ops.options(ScalarType.Long)).unsqueeze(0);
        return new Encoded(memory, positions.gt(lengths.unsqueeze(1)), run.hidden(), run.cell());
    }

    /**
     * Scores of the answers 0 to N, -infinity for those that do not exist.
     *
     * @param encoded what was read
     * @param states  of the decoder, (B, S, h)
     * @return (B, S, 1 + N)
     */
    abstract Tensor scores(Encoded encoded, Tensor states);

    /**
     * Scores of every step when the right answers are given: step s is told answers 1 to s, so that the decoder runs
     * over all of them at once and then all scores are one product. {@link #step} takes them one by one.
     *
     * @param points        (B, N, 2)
     * @param lengths       (B) int64
     * @param targets       (B, S) int64 from 1, 0 past the end
     * @return (B, S + 1, 1 + N); what stands past an answer's end means nothing
     */
    final Tensor forward(Tensor points, Tensor lengths, Tensor targets) {
        Encoded encoded = encode(points, lengths);
        Tensor chosen = targets.sub(new Scalar(1)).clamp_min(new Scalar(0)).unsqueeze(-1)
                .expand(targets.size(0), targets.size(1), points.size(2));
        Tensor inputs = torch.cat(new TensorVector(startSymbol.expand(points.size(0), 1, startSymbol.size(0)),
                points.gather(1, chosen)), 1);
        return scores(encoded, PackedRecurrence.lstm(decoder, inputs, encoded.h(), encoded.c()).outputs());
    }

    /**
     * Mean cross-entropy over all steps of all sequences, the end included; steps past a sequence's end do not count.
     */
    static Tensor loss(Tensor scores, Tensor targets, Tensor targetLengths) {
        long steps = scores.size(1);
        Tensor all = torch.cat(new TensorVector(targets, torch.zeros_like(targets.narrow(1, 0, 1))), 1);
        Tensor counted = counted(steps, targetLengths).flatten().nonzero().squeeze(1);
        return torch.cross_entropy_loss(scores.flatten(0, 1).index_select(0, counted), all.flatten()
                .index_select(0, counted));
    }

    /** (B, S + 1) bool: the steps that exist. */
    static Tensor counted(long steps, Tensor targetLengths) {
        return torch.arange(new Scalar(steps), Ops.options(ScalarType.Long)).unsqueeze(0)
                .le(targetLengths.unsqueeze(1));
    }

    /** The first decoder input of every row, (B, 2). */
    final Tensor start(long rows) {
        return startSymbol.expand(rows, inputs);
    }

    /** One step of the decoder. */
    final State step(Tensor input, Tensor h, Tensor c) {
        T_TensorT_TensorTensor_T_T run = decoder.forward(input.unsqueeze(0).contiguous(),
                new T_TensorTensor_T(h.unsqueeze(0).contiguous(), c.unsqueeze(0).contiguous()));
        T_TensorTensor_T last = run.get1();
        return new State(last.get0().squeeze(0), last.get1().squeeze(0));
    }

    /** A decoder state, (B, h) each. */
    record State(Tensor h, Tensor c) { }
}
