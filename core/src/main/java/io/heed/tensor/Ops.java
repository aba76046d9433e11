package io.heed.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.StringJoiner;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** What is clumsy in the bindings: slices, lists of tensors, masks, and the way between tensors and Java arrays. */
public final class Ops {
    private Ops() { }

    /** The element type, as a constant that {@code ==} and {@code switch} understand ({@code scalar_type()} is not). */
    public static ScalarType type(Tensor tensor) {
        return tensor.scalar_type().intern();
    }

    /** The shape as text, {@code (2, 8, 128, 64)}. */
    public static String shape(Tensor tensor) {
        return shape(tensor.shape());
    }

    /** A shape as text, {@code (2, 8, 128, 64)}. */
    public static String shape(long... sizes) {
        StringJoiner text = new StringJoiner(", ", "(", ")");
        Arrays.stream(sizes).forEach(size -> text.add(Long.toString(size)));
        return text.toString();
    }

    /**
     * Elements {@code from} (inclusive) to {@code to} (exclusive) of dimension {@code dim}: a view, {@code x[from:to]}.
     */
    public static Tensor slice(Tensor tensor, long dim, long from, long to) {
        return slice(tensor, dim, from, to, 1);
    }

    /** Every {@code step}-th element of dimension {@code dim} from {@code from} to {@code to}: a view. */
    public static Tensor slice(Tensor tensor, long dim, long from, long to, long step) {
        try (LongOptional start = new LongOptional(from); LongOptional end = new LongOptional(to)) {
            return tensor.slice(dim, start, end, step);
        }
    }

    /** Joins tensors along an existing dimension. */
    public static Tensor cat(long dim, Tensor... tensors) {
        try (TensorVector list = new TensorVector(tensors)) {
            return torch.cat(list, dim);
        }
    }

    /** Joins tensors of one shape along a new dimension. */
    public static Tensor stack(long dim, Tensor... tensors) {
        try (TensorVector list = new TensorVector(tensors)) {
            return torch.stack(list, dim);
        }
    }

    /** Einstein summation, {@code einsum("bhnd,bhmd->bhnm", query, key)}. */
    public static Tensor einsum(String equation, Tensor... tensors) {
        try (TensorVector list = new TensorVector(tensors)) {
            return torch.einsum(equation, list);
        }
    }

    /** {@code tensor * factor}. */
    public static Tensor scale(Tensor tensor, double factor) {
        try (Scalar scalar = new Scalar(factor)) {
            return tensor.mul(scalar);
        }
    }

    /** {@code tensor + term}. */
    public static Tensor shift(Tensor tensor, double term) {
        try (Scalar scalar = new Scalar(term)) {
            return tensor.add(scalar);
        }
    }

    /** {@code value} where {@code mask} (boolean, broadcast) is true, {@code tensor} elsewhere. */
    public static Tensor fill(Tensor tensor, Tensor mask, double value) {
        try (Scalar scalar = new Scalar(value)) {
            return tensor.masked_fill(mask, scalar);
        }
    }

    /** Softmax over dimension {@code dim}; a row that is all -infinity gives zeros, not NaN. */
    public static Tensor maskedSoftmax(Tensor logits, long dim) {
        Tensor empty;
        try (NoGradGuard _ = new NoGradGuard(); Scalar none = new Scalar(Double.NEGATIVE_INFINITY)) {
            empty = logits.amax(new long[] {dim}, true).eq(none);
        }
        // filled before the softmax as well, so that no NaN enters the gradient
        return fill(torch.softmax(fill(logits, empty, 0), dim), empty, 0);
    }

    /**
     * The mask of causal attention, true where a query must not look. Query i stands at key position
     * {@code keys - queries + i}, so the last query sees every key.
     *
     * @return boolean (queries, keys)
     */
    public static Tensor causalMask(long queries, long keys) {
        return torch.ones(new long[] {queries, keys}, options(ScalarType.Bool)).triu(keys - queries + 1);
    }

    /**
     * The mask of padded keys, true where there is no token.
     *
     * @param lengths tokens of each sequence
     * @return boolean (sequences, 1, 1, keys), which broadcasts over (B, H, queries, keys)
     */
    public static Tensor paddingMask(long[] lengths, long keys) {
        Tensor positions = torch.arange(new Scalar(keys), options(ScalarType.Long)).view(1, 1, 1, keys);
        return positions.ge(of(lengths, lengths.length, 1, 1, 1));
    }

    /** Options for a new CPU tensor of this type. */
    public static TensorOptions options(ScalarType type) {
        try (ScalarTypeOptional optional = new ScalarTypeOptional(type)) {
            return new TensorOptions().dtype(optional);
        }
    }

    /** An uninitialised float32 CPU tensor. */
    public static Tensor empty(long... shape) {
        return torch.empty(shape);
    }

    /** A float32 tensor of this shape (one dimension when none is given) with a copy of the values, row by row. */
    public static Tensor of(float[] values, long... shape) {
        Tensor tensor = allocate(ScalarType.Float, values.length, shape);
        MemorySegment.copy(values, 0, View.segment(tensor), ValueLayout.JAVA_FLOAT, 0, values.length);
        return tensor;
    }

    /** A float64 tensor of this shape (one dimension when none is given) with a copy of the values, row by row. */
    public static Tensor of(double[] values, long... shape) {
        Tensor tensor = allocate(ScalarType.Double, values.length, shape);
        MemorySegment.copy(values, 0, View.segment(tensor), ValueLayout.JAVA_DOUBLE, 0, values.length);
        return tensor;
    }

    /** An int64 tensor of this shape (one dimension when none is given) with a copy of the values, row by row. */
    public static Tensor of(long[] values, long... shape) {
        Tensor tensor = allocate(ScalarType.Long, values.length, shape);
        MemorySegment.copy(values, 0, View.segment(tensor), ValueLayout.JAVA_LONG, 0, values.length);
        return tensor;
    }

    /** A boolean tensor of this shape (one dimension when none is given) with a copy of the values, row by row. */
    public static Tensor of(boolean[] values, long... shape) {
        Tensor tensor = allocate(ScalarType.Bool, values.length, shape);
        MemorySegment memory = View.segment(tensor);
        for (int i = 0; i < values.length; i++) {
            memory.set(ValueLayout.JAVA_BYTE, i, (byte) (values[i] ? 1 : 0));
        }
        return tensor;
    }

    /** The elements, row by row, of a tensor of any type, on any device. */
    public static float[] floats(Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.numel())];
        read(tensor, ScalarType.Float,
                memory -> MemorySegment.copy(memory, ValueLayout.JAVA_FLOAT, 0, values, 0, values.length));
        return values;
    }

    /** The elements, row by row, of a tensor of any type, on any device. */
    public static double[] doubles(Tensor tensor) {
        double[] values = new double[Math.toIntExact(tensor.numel())];
        read(tensor, ScalarType.Double,
                memory -> MemorySegment.copy(memory, ValueLayout.JAVA_DOUBLE, 0, values, 0, values.length));
        return values;
    }

    /** The elements, row by row, of a tensor of any type (fractions are cut off), on any device. */
    public static long[] longs(Tensor tensor) {
        long[] values = new long[Math.toIntExact(tensor.numel())];
        read(tensor, ScalarType.Long,
                memory -> MemorySegment.copy(memory, ValueLayout.JAVA_LONG, 0, values, 0, values.length));
        return values;
    }

    /** The elements, row by row: true where not zero. */
    public static boolean[] booleans(Tensor tensor) {
        boolean[] values = new boolean[Math.toIntExact(tensor.numel())];
        read(tensor, ScalarType.Bool, memory -> {
            for (int i = 0; i < values.length; i++) {
                values[i] = memory.get(ValueLayout.JAVA_BYTE, i) != 0;
            }
        });
        return values;
    }

    /**
     * The one element of a tensor.
     *
     * @throws IllegalArgumentException when there are more, or none
     */
    public static double item(Tensor tensor) {
        if (tensor.numel() != 1) {
            throw new IllegalArgumentException("only a tensor of one element has a value, got " + shape(tensor));
        }
        return doubles(tensor)[0];
    }

    /**
     * The largest absolute difference of two tensors of one shape, in float64; NaN when either has one, 0 when empty.
     */
    public static double largestDifference(Tensor a, Tensor b) {
        if (!Arrays.equals(a.shape(), b.shape())) {
            throw new IllegalArgumentException("shapes differ: " + shape(a) + " and " + shape(b));
        }
        if (a.numel() == 0) {
            return 0;
        }
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            return a.to(ScalarType.Double).sub(b.to(ScalarType.Double)).abs().max().item_double();
        }
    }

    private interface Reader {
        void read(MemorySegment memory);
    }

    private static void read(Tensor tensor, ScalarType type, Reader reader) {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            Tensor dense = tensor.detach().cpu().to(type).contiguous();
            reader.read(View.segment(dense));
            Reference.reachabilityFence(dense);
        }
    }

    private static Tensor allocate(ScalarType type, int count, long... shape) {
        long[] sizes = shape.length == 0 ? new long[] {count} : shape;
        long product = 1;
        for (long size : sizes) {
            product *= size;
        }
        if (product != count) {
            throw new IllegalArgumentException(count + " values do not fill a tensor of shape " + shape(sizes));
        }
        try (TensorOptions options = options(type)) {
            return torch.empty(sizes, options, new MemoryFormatOptional());
        }
    }
}
