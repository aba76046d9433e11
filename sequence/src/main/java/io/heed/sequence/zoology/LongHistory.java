package io.heed.sequence.zoology;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.LongConvolution;
import io.heed.sequence.MixerState;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * The state of a long convolution: the last L inputs in a ring, and the filter, which is computed once for the whole
 * decoding. A mixer may keep further tensors beside them.
 */
final class LongHistory implements MixerState {
    private static final int RING = 0;

    private final Tensor filter; // (L, D)
    private final TensorState tensors;

    /**
     * @param batch  B
     * @param filter (L, D)
     * @param others further tensors of an empty state, (B, ...)
     */
    LongHistory(long batch, Tensor filter, Supplier<List<Tensor>> others) {
        this.filter = filter.detach().contiguous().retainReference();
        tensors = new TensorState(batch, () -> {
            List<Tensor> all = new ArrayList<>(others.get());
            all.add(RING, torch.zeros(new long[] {batch, this.filter.size(0), this.filter.size(1)},
                    this.filter.options()));
            return all;
        });
    }

    /** The mixer's own tensor number {@code index}. */
    Tensor other(int index) {
        return tensors.get(index + 1);
    }

    /** Puts {@code value} in place of the mixer's own tensor number {@code index}. */
    void setOther(int index, Tensor value) {
        tensors.set(index + 1, value);
    }

    /** The convolution at the next tokens (B, N, D), which become part of the history. */
    Tensor extend(Tensor x) {
        Tensor y = x.size(1) == 1 ? one(x.select(1, 0)).unsqueeze(1) : many(x);
        tensors.advance(x.size(1));
        return y;
    }

    private Tensor one(Tensor x) {
        long taps = filter.size(0);
        long slot = position() % taps;
        Tensor ring = tensors.get(RING);
        ring.select(1, slot).copy_(x);
        if (position() < taps) { // slot s holds token s
            return ring.narrow(1, 0, slot + 1).mul(filter.narrow(0, 0, slot + 1).flip(0)).sum(new long[] {1});
        }
        // slot s holds the token (position - s) mod L before this one
        return ring.mul(filter.flip(0).roll(new long[] {slot + 1}, 0)).sum(new long[] {1});
    }

    private Tensor many(Tensor x) {
        long taps = filter.size(0);
        long known = Math.min(position(), taps);
        Tensor ring = tensors.get(RING);
        Tensor history = position() < taps ? ring.narrow(1, 0, known) : ring.roll(new long[] {-(position() % taps)}, 1);
        Tensor y = LongConvolution.apply(Ops.cat(1, history, x), filter).narrow(1, known, x.size(1));
        long kept = Math.min(x.size(1), taps);
        long first = position() + x.size(1) - kept;
        Tensor slots = torch.arange(new Scalar(first), new Scalar(first + kept), Ops.options(torch.ScalarType.Long))
                .remainder(new Scalar(taps)).to(x.device(), torch.ScalarType.Long);
        ring.index_copy_(1, slots, x.narrow(1, x.size(1) - kept, kept));
        return y;
    }

    @Override
    public long batch() {
        return tensors.batch();
    }

    @Override
    public long position() {
        return tensors.position();
    }

    @Override
    public long bytes() {
        return tensors.bytes() + filter.numel() * filter.element_size();
    }

    @Override
    public void reset() {
        tensors.reset();
    }

    @Override
    public void select(long... rows) {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            tensors.select(rows);
        }
    }

    @Override
    public void close() {
        tensors.close();
    }
}
