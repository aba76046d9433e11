package io.heed.sequence;

import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.tensor.Ops;

/**
 * A state of constant size: a few tensors with the batch in front, replaced at every step. Enough for linear attention,
 * scans, convolutions and state spaces.
 */
public final class TensorState implements MixerState {
    private final Supplier<List<Tensor>> initial;
    private final long initialBatch;
    private Tensor[] tensors;
    private long batch;
    private long position;

    /**
     * @param batch   B
     * @param initial makes the tensors of an empty state, each (B, ...)
     */
    public TensorState(long batch, Supplier<List<Tensor>> initial) {
        this.initial = Objects.requireNonNull(initial);
        this.initialBatch = batch;
        reset();
    }

    /** Tensors held. */
    public int count() {
        return open().length;
    }

    /** The tensor number {@code index}, (B, ...). Valid until it is replaced. */
    public Tensor get(int index) {
        return open()[index];
    }

    /** Puts {@code value} (B, ...) in place of tensor {@code index}; its gradient graph is cut. */
    public void set(int index, Tensor value) {
        Tensor[] held = open();
        if (value.size(0) != batch) {
            throw new IllegalArgumentException("a state of " + batch + " sequences cannot hold a tensor of "
                    + value.size(0));
        }
        Tensor kept = keep(value);
        held[index].releaseReference();
        held[index] = kept;
    }

    /** Counts {@code tokens} more tokens as seen. */
    public void advance(long tokens) {
        position += tokens;
    }

    @Override
    public long batch() {
        return batch;
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public long bytes() {
        long sum = 0;
        for (Tensor tensor : open()) {
            sum += tensor.numel() * tensor.element_size();
        }
        return sum;
    }

    @Override
    public void reset() {
        close();
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            tensors = initial.get().stream().map(TensorState::keep).toArray(Tensor[]::new);
        }
        batch = initialBatch;
        position = 0;
    }

    @Override
    public void select(long... rows) {
        Tensor[] held = open();
        for (long row : rows) {
            Objects.checkIndex(row, batch);
        }
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            Tensor index = Ops.of(rows);
            batch = rows.length;
            for (int i = 0; i < held.length; i++) {
                set(i, held[i].index_select(0, index.to(held[i].device(), torch.ScalarType.Long)));
            }
        }
    }

    @Override
    public void close() {
        if (tensors != null) {
            for (Tensor tensor : tensors) {
                tensor.releaseReference();
            }
            tensors = null;
        }
    }

    private Tensor[] open() {
        if (tensors == null) {
            throw new IllegalStateException("the state is closed");
        }
        return tensors;
    }

    /** A handle of our own, so that the state's hold and the caller's scope do not touch each other. */
    private static Tensor keep(Tensor value) {
        return value.detach().retainReference();
    }
}
