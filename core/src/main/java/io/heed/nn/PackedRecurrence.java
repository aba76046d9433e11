package io.heed.nn;

import org.bytedeco.pytorch.GRUImpl;
import org.bytedeco.pytorch.LSTMImpl;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.PackedSequence;
import org.bytedeco.pytorch.T_PackedSequenceT_TensorTensor_T_T;
import org.bytedeco.pytorch.T_TensorT_TensorTensor_T_T;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * libtorch's recurrent networks over sequences of different lengths, padded at the end: a state stops at its sequence's
 * last element, a backward direction starts there, and outputs past it are 0. The batch is sorted by length and shrinks
 * as sequences end, so that padding costs nothing. An LSTM whose sequences are all as long packs nothing, which takes
 * half the time.
 */
public final class PackedRecurrence {
    private PackedRecurrence() { }

    /**
     * What an LSTM leaves.
     *
     * @param outputs (B, T, h)
     * @param hidden  the last h of each sequence: (B, h)
     * @param cell    the last c: (B, h)
     */
    public record LstmRun(Tensor outputs, Tensor hidden, Tensor cell) { }

    /**
     * Runs a GRU of one layer, in one direction or both.
     *
     * @param x       (B, T, E)
     * @param lengths (B) int64, each at least 1
     * @return (B, T, D), D the hidden width of all directions
     */
    public static Tensor gru(GRUImpl gru, Tensor x, Tensor lengths) {
        return padded(gru.forward_with_packed_input(packed(x, counts(lengths))).get0(), x.size(1));
    }

    /**
     * Runs an LSTM of one layer and one direction.
     *
     * @param x       (B, T, E)
     * @param lengths (B) int64, each at least 1
     * @param hidden  h before the first element, (B, h)
     * @param cell    c before it, (B, h)
     */
    public static LstmRun lstm(LSTMImpl lstm, Tensor x, Tensor lengths, Tensor hidden, Tensor cell) {
        Tensor counts = counts(lengths);
        if (counts.min().item_long() == x.size(1)) {
            return lstm(lstm, x, hidden, cell);
        }
        T_PackedSequenceT_TensorTensor_T_T run = lstm.forward_with_packed_input(packed(x, counts),
                new T_TensorTensor_T(hidden.unsqueeze(0).contiguous(), cell.unsqueeze(0).contiguous()));
        T_TensorTensor_T last = run.get1();
        return new LstmRun(padded(run.get0(), x.size(1)), last.get0().squeeze(0), last.get1().squeeze(0));
    }

    /**
     * The same over sequences that are all T long.
     *
     * @throws IllegalArgumentException when the network was made to take batches first
     */
    public static LstmRun lstm(LSTMImpl lstm, Tensor x, Tensor hidden, Tensor cell) {
        if (lstm.options().batch_first().get()) {
            throw new IllegalArgumentException("the LSTM takes batches first: make it without batch_first");
        }
        T_TensorT_TensorTensor_T_T run = lstm.forward(x.transpose(0, 1).contiguous(),
                new T_TensorTensor_T(hidden.unsqueeze(0).contiguous(), cell.unsqueeze(0).contiguous()));
        T_TensorTensor_T last = run.get1();
        return new LstmRun(run.get0().transpose(0, 1), last.get0().squeeze(0), last.get1().squeeze(0));
    }

    private static Tensor counts(Tensor lengths) {
        Tensor counts = lengths.cpu().to(ScalarType.Long);
        if (counts.min().item_long() < 1) {
            throw new IllegalArgumentException("sequence " + counts.argmin().item_long()
                    + " of the batch is empty: each needs at"
                    + " least one element");
        }
        return counts;
    }

    private static PackedSequence packed(Tensor x, Tensor counts) {
        return torch.pack_padded_sequence(x, counts, true, false);
    }

    private static Tensor padded(PackedSequence packed, long length) {
        return torch.pad_packed_sequence(packed, true, 0, new LongOptional(length)).get0();
    }
}
