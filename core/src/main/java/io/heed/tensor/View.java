package io.heed.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.kernels.Rows;

/**
 * A kernel's view of a float32 CPU tensor, and the promise that the tensor's memory stays in place until {@link
 * #close}.
 *
 * {@snippet :
 * try (View q = View.read(query); View k = View.read(key); View v = View.read(value); View o = View.write(out)) {
 *     SoftmaxAttention.forward(q.rows(), k.rows(), v.rows(), o.rows());
 * }
 * }
 *
 * <p>The view has the tensor's own strides, so a transposed, sliced or expanded tensor is read without a copy as long
 * as its last dimension is contiguous. Tensors of fewer than four dimensions get leading dimensions of size 1.
 */
public final class View implements AutoCloseable {
    private static final int DIMENSIONS = 4;

    private final Tensor tensor;
    private final boolean owned;
    private final Rows rows;

    private View(Tensor tensor, boolean owned, Rows rows) {
        this.tensor = tensor;
        this.owned = owned;
        this.rows = rows;
    }

    /**
     * A view to read from. When the last dimension is not contiguous the tensor is copied, and the copy lives until
     * {@link #close}.
     *
     * @param tensor float32, on the CPU, of 1 to 4 dimensions, read as (B, H, N, d)
     * @throws IllegalArgumentException for another type, device or number of dimensions
     */
    public static View read(Tensor tensor) {
        check(tensor);
        if (lastIsContiguous(tensor)) {
            return new View(tensor, false, rowsOf(tensor));
        }
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor copy = tensor.contiguous();
            return new View(copy, true, rowsOf(copy));
        }
    }

    /**
     * A view to write to.
     *
     * @param tensor float32, on the CPU, of 1 to 4 dimensions, seen as (B, H, N, d), whose last dimension is contiguous
     *               and of which no two elements share memory
     * @throws IllegalArgumentException when the tensor cannot be written in place
     */
    public static View write(Tensor tensor) {
        check(tensor);
        if (!lastIsContiguous(tensor)) {
            throw new IllegalArgumentException("cannot write to a tensor " + Ops.shape(tensor)
                    + " whose last dimension has stride " + tensor.stride(-1) + ": it must be 1");
        }
        for (int i = 0; i < tensor.dim(); i++) {
            if (tensor.size(i) > 1 && tensor.stride(i) == 0) {
                throw new IllegalArgumentException("cannot write to an expanded tensor " + Ops.shape(tensor)
                        + ": dimension " + i + " has stride 0");
            }
        }
        return new View(tensor, false, rowsOf(tensor));
    }

    /** The memory, for a kernel; valid until {@link #close}. */
    public Rows rows() {
        return rows;
    }

    /** The memory from the tensor's first element to its last, for kernels that take a plain segment. */
    public MemorySegment data() {
        return rows.data();
    }

    /** Ends the promise, and frees the copy if one was made. */
    @Override
    public void close() {
        if (owned) {
            tensor.close();
        }
        Reference.reachabilityFence(tensor);
    }

    /**
     * The memory of a contiguous CPU tensor of any type. The caller keeps the tensor reachable while it uses the
     * segment ({@link Reference#reachabilityFence}).
     *
     * @throws IllegalArgumentException when the tensor is not contiguous or not on the CPU
     */
    public static MemorySegment segment(Tensor tensor) {
        if (!tensor.is_cpu() || !tensor.is_contiguous()) {
            throw new IllegalArgumentException("a memory segment needs a contiguous CPU tensor, got "
                    + Ops.shape(tensor) + (tensor.is_cpu() ? ", not contiguous" : ", not on the CPU"));
        }
        return memory(tensor, tensor.nbytes());
    }

    private static void check(Tensor tensor) {
        if (Ops.type(tensor) != ScalarType.Float) {
            throw new IllegalArgumentException("kernels take float32, got a tensor of " + Ops.type(tensor));
        }
        if (!tensor.is_cpu()) {
            throw new IllegalArgumentException("kernels run on the CPU; move the tensor " + Ops.shape(tensor)
                    + " there");
        }
        if (tensor.dim() < 1 || tensor.dim() > DIMENSIONS) {
            throw new IllegalArgumentException("kernels take 1 to 4 dimensions, got " + Ops.shape(tensor));
        }
    }

    private static boolean lastIsContiguous(Tensor tensor) {
        return tensor.size(-1) <= 1 || tensor.stride(-1) == 1;
    }

    private static Rows rowsOf(Tensor tensor) {
        long[] sizes = {1, 1, 1, 1};
        long[] strides = {0, 0, 0, 1};
        int missing = DIMENSIONS - (int) tensor.dim();
        long last = 0;
        boolean empty = false;
        for (int i = missing; i < DIMENSIONS; i++) {
            sizes[i] = tensor.size(i - missing);
            strides[i] = tensor.stride(i - missing);
            last += (sizes[i] - 1) * strides[i];
            empty |= sizes[i] == 0;
        }
        MemorySegment data = memory(tensor, empty ? 0 : (last + 1) * Float.BYTES);
        return new Rows(data, Math.toIntExact(sizes[0]), Math.toIntExact(sizes[1]), Math.toIntExact(sizes[2]),
                Math.toIntExact(sizes[3]), strides[0], strides[1], strides[2]);
    }

    @SuppressWarnings("restricted")
    private static MemorySegment memory(Tensor tensor, long bytes) {
        if (bytes == 0) {
            return MemorySegment.NULL;
        }
        try (Pointer data = tensor.data_ptr()) {
            return MemorySegment.ofAddress(data.address()).reinterpret(bytes);
        }
    }
}
