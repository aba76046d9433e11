package io.heed.bench;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

import io.heed.kernels.Workers;

/** A plain sum over memory on all threads: the rate at which this machine reads. */
final class MemoryRead {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int UNROLL = 4;
    /** Bytes of one task: large enough to hide handing it out, small enough to keep all threads busy to the end. */
    private static final long PIECE = 4L << 20;

    private MemoryRead() { }

    /** The sum of the floats of all segments; what matters is that every byte is read. */
    static double sum(MemorySegment... segments) {
        double total = 0;
        for (MemorySegment segment : segments) {
            int pieces = Math.toIntExact((segment.byteSize() + PIECE - 1) / PIECE);
            float[] sums = new float[pieces];
            Workers.run(pieces, piece -> {
                long from = piece * PIECE;
                sums[piece] = sum(segment, from, Math.min(segment.byteSize(), from + PIECE));
            });
            for (float sum : sums) {
                total += sum;
            }
        }
        return total;
    }

    private static float sum(MemorySegment data, long from, long to) {
        int bytes = SPECIES.vectorByteSize();
        FloatVector a = FloatVector.zero(SPECIES);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        for (long at = from; at + (long) UNROLL * bytes <= to; at += (long) UNROLL * bytes) {
            a = a.add(FloatVector.fromMemorySegment(SPECIES, data, at, ByteOrder.nativeOrder()));
            b = b.add(FloatVector.fromMemorySegment(SPECIES, data, at + bytes, ByteOrder.nativeOrder()));
            c = c.add(FloatVector.fromMemorySegment(SPECIES, data, at + 2L * bytes, ByteOrder.nativeOrder()));
            d = d.add(FloatVector.fromMemorySegment(SPECIES, data, at + 3L * bytes, ByteOrder.nativeOrder()));
        }
        return a.add(b).add(c.add(d)).reduceLanes(VectorOperators.ADD);
    }
}
