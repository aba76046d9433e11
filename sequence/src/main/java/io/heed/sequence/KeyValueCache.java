package io.heed.sequence;

import java.util.Objects;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.tensor.Ops;

/**
 * The state of attention over all earlier tokens: their keys and values, in buffers that double when they are full.
 */
public final class KeyValueCache implements MixerState {
    private static final long FIRST_CAPACITY = 64;

    private final long initialBatch;
    private long batch;
    private long position;
    private Tensor keys; // (B, G, capacity, d)
    private Tensor values; // (B, G, capacity, e)
    private boolean closed;

    /** An empty cache for {@code batch} sequences. */
    public KeyValueCache(long batch) {
        this.initialBatch = batch;
        this.batch = batch;
    }

    /**
     * Adds the keys and values of the next tokens.
     *
     * @param k (B, G, n, d)
     * @param v (B, G, n, e)
     */
    public void append(Tensor k, Tensor v) {
        checkOpen();
        if (k.size(0) != batch) {
            throw new IllegalArgumentException("a cache of " + batch + " sequences cannot take keys of " + k.size(0));
        }
        long count = k.size(2);
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            keys = withRoom(keys, k, count);
            values = withRoom(values, v, count);
            keys.narrow(2, position, count).copy_(k);
            values.narrow(2, position, count).copy_(v);
        }
        position += count;
    }

    /** Keys of all tokens so far, (B, G, position, d), a view that the next change of the cache ends. */
    public Tensor keys() {
        checkOpen();
        return keys.narrow(2, 0, position);
    }

    /** Values of all tokens so far, (B, G, position, e), a view that the next change of the cache ends. */
    public Tensor values() {
        checkOpen();
        return values.narrow(2, 0, position);
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
        return keys == null || position == 0 ? 0 : bytes(keys) + bytes(values);
    }

    @Override
    public void reset() {
        release();
        closed = false;
        batch = initialBatch;
        position = 0;
    }

    @Override
    public void select(long... rows) {
        checkOpen();
        for (long row : rows) {
            Objects.checkIndex(row, batch);
        }
        if (keys != null) {
            try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
                Tensor index = Ops.of(rows).to(keys.device(), ScalarType.Long);
                keys = replaced(keys, keys.index_select(0, index));
                values = replaced(values, values.index_select(0, index));
            }
        }
        batch = rows.length;
    }

    @Override
    public void close() {
        release();
        closed = true;
    }

    private void release() {
        if (keys != null) {
            keys.releaseReference();
            values.releaseReference();
            keys = null;
            values = null;
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the cache is closed");
        }
    }

    private long bytes(Tensor buffer) {
        return buffer.numel() / buffer.size(2) * position * buffer.element_size();
    }

    private Tensor withRoom(Tensor buffer, Tensor next, long count) {
        long needed = position + count;
        if (buffer != null && buffer.size(2) >= needed) {
            return buffer;
        }
        long capacity = buffer == null ? FIRST_CAPACITY : 2 * buffer.size(2);
        Tensor larger = next.new_empty(batch, next.size(1), Math.max(capacity, needed), next.size(3));
        if (buffer == null) {
            return larger.retainReference();
        }
        larger.narrow(2, 0, position).copy_(buffer.narrow(2, 0, position));
        return replaced(buffer, larger);
    }

    private static Tensor replaced(Tensor old, Tensor next) {
        old.releaseReference();
        return next.retainReference();
    }
}
