package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * A matrix of weights (rows, columns) where it lies, row after row, in the type of its file: a mapped checkpoint needs
 * no copy and no conversion of the whole.
 *
 * @param data    at least rows * columns elements, little-endian; of a shared, automatic or global arena
 * @param type    of its elements
 * @param rows    output features
 * @param columns input features
 */
public record WeightMatrix(MemorySegment data, Type type, int rows, int columns) {
    /** How an element is stored. */
    public enum Type {
        /** IEEE single precision. */
        F32(4),
        /** IEEE half precision. */
        F16(2),
        /** The upper half of a single. */
        BF16(2);

        private final int bytes;

        Type(int bytes) {
            this.bytes = bytes;
        }

        /** Bytes of one element. */
        public int bytes() {
            return bytes;
        }
    }

    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final VectorSpecies<Integer> INT = Lanes.INT;
    private static final VectorSpecies<Short> SHORT = VectorSpecies.of(short.class,
            VectorShape.forBitSize(FLOAT.vectorBitSize() / 2));
    private static final int LANES = Lanes.COUNT;
    private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
    private static final ValueLayout.OfFloat WHOLE = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ORDER);
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ORDER);

    /** @throws IllegalArgumentException when the memory is too small or belongs to one thread */
    public WeightMatrix {
        Arguments.required("type", type);
        Arguments.range("rows", rows, 0, Integer.MAX_VALUE);
        Arguments.range("columns", columns, 0, Integer.MAX_VALUE);
        Rows.checkShared("weights", data);
        long bytes = (long) rows * columns * type.bytes();
        if (data.byteSize() < bytes) {
            throw new IllegalArgumentException("weights (" + rows + ", " + columns + ") of " + type + " need " + bytes
                    + " bytes, memory holds " + data.byteSize());
        }
    }

    /** Bytes of the whole matrix. */
    public long bytes() {
        return (long) rows * columns * type.bytes();
    }

    /** Byte offset of element (row, column). */
    long at(int row, int column) {
        return ((long) row * columns + column) * type.bytes();
    }

    /**
     * Copies a block as floats.
     *
     * @param row    first row
     * @param count  rows
     * @param column first column
     * @param width  columns
     * @param to     receives row after row, {@code stride} floats apart, from {@code offset}
     */
    public void read(int row, int count, int column, int width, float[] to, int offset, int stride) {
        for (int i = 0; i < count; i++) {
            long from = at(row + i, column);
            int into = offset + i * stride;
            switch (type) {
                case F32 -> MemorySegment.copy(data, WHOLE, from, to, into, width);
                case F16 -> halves(data, from, width, to, into);
                case BF16 -> upperHalves(data, from, width, to, into);
            }
        }
    }

    private static void upperHalves(MemorySegment data, long from, int width, float[] to, int into) {
        int i = 0;
        for (; i <= width - LANES; i += LANES) {
            IntVector bits = (IntVector) ShortVector.fromMemorySegment(SHORT, data, from + 2L * i, ORDER)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, INT, 0);
            bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(to, into + i);
        }
        for (; i < width; i++) {
            to[into + i] = Float.intBitsToFloat(data.get(HALF, from + 2L * i) << 16);
        }
    }

    /**
     * Sign, exponent and fraction move to their places in a single, whose exponent is then 112 too small: a product
     * mends that exactly, for the subnormal too. Infinities and NaN get the single's largest exponent.
     */
    private static void halves(MemorySegment data, long from, int width, float[] to, int into) {
        int i = 0;
        for (; i <= width - LANES; i += LANES) {
            IntVector half = (IntVector) ShortVector.fromMemorySegment(SHORT, data, from + 2L * i, ORDER)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, INT, 0);
            IntVector moved = half.and(0x7FFF).lanewise(VectorOperators.LSHL, 13);
            VectorMask<Integer> special = half.and(0x7C00).compare(VectorOperators.EQ, 0x7C00);
            FloatVector finite = moved.reinterpretAsFloats().mul(0x1p112f);
            IntVector magnitude = finite.reinterpretAsInts().blend(moved.or(0x7F800000), special);
            magnitude.or(half.and(0x8000).lanewise(VectorOperators.LSHL, 16)).reinterpretAsFloats()
                    .intoArray(to, into + i);
        }
        for (; i < width; i++) {
            to[into + i] = Float.float16ToFloat(data.get(HALF, from + 2L * i));
        }
    }
}
