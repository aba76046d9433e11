package io.heed.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * How far each query's products with a sample of the keys are from even, the measure by which ProbSparse attention
 * (Informer, AAAI 2021) chooses its queries: the largest product less their sum over the number of keys.
 *
 * <pre>
 *   M_i = max_j q_i . k_s(i,j) - sum_j q_i . k_s(i,j) / L
 * </pre>
 *
 * <p>The keys are read where they lie; gathering them takes a copy of as many rows as there are products.
 */
public final class SampledScores {
    private static final VectorSpecies<Float> SPECIES = Lanes.FLOAT;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int LANES = Lanes.COUNT;
    private static final int QUERIES = 128; // a task

    private SampledScores() { }

    /**
     * M.
     *
     * @param q       (B, H, N, d)
     * @param k       (B, H, L, d)
     * @param samples (P, N, S) key indices, P = 1 for all sequences or B; at a row that has fewer than S the rest are
     *                -1
     * @param lengths L of each of the P
     * @param out     (B, H, N) floats; negative infinity where a query has no sample
     * @throws IllegalArgumentException when sizes do not fit or a sample is no key
     */
    public static void measure(Rows q, Rows k, int[] samples, int[] lengths, MemorySegment out) {
        int patterns = lengths.length;
        if (patterns != 1 && patterns != q.batch() || q.width() != k.width() || q.heads() != k.heads()
                || q.batch() != k.batch() || q.rows() == 0 || samples.length % (patterns * q.rows()) != 0) {
            throw new IllegalArgumentException("sampled scores: queries " + q.shape() + " and keys " + k.shape()
                    + " do not fit " + samples.length + " samples in " + patterns + " patterns");
        }
        for (int sample : samples) {
            if (sample < -1 || sample >= k.rows()) {
                throw new IllegalArgumentException("sampled scores: key " + sample + " is not among " + k.rows());
            }
        }
        int count = samples.length / patterns / q.rows();
        int blocks = (q.rows() + QUERIES - 1) / QUERIES;
        Workers.run(q.batch() * q.heads() * blocks, task -> {
            int b = task / blocks / q.heads();
            int pattern = patterns == 1 ? 0 : b;
            int first = task % blocks * QUERIES;
            rows(q, k, b, task / blocks % q.heads(), first, Math.min(q.rows(), first + QUERIES), samples,
                    pattern * q.rows() * count, count, lengths[pattern], out);
        });
    }

    private static void rows(Rows q, Rows k, int b, int head, int first, int end, int[] samples, int at, int count,
            int length, MemorySegment out) {
        int width = q.width();
        float[] query = new float[width];
        float[] products = new float[count + LANES];
        long keys = k.offset(b, head, 0) * Float.BYTES;
        long step = k.rowStride() * Float.BYTES;
        for (int i = first; i < end; i++) {
            MemorySegment.copy(q.data(), ValueLayout.JAVA_FLOAT, q.offset(b, head, i) * Float.BYTES, query, 0, width);
            int drawn = 0;
            int from = at + i * count;
            while (drawn < count && samples[from + drawn] >= 0) {
                drawn++;
            }
            products(k.data(), keys, step, samples, from, drawn, query, width, products);
            float largest = Float.NEGATIVE_INFINITY;
            float sum = 0;
            for (int j = 0; j < drawn; j++) {
                largest = Math.max(largest, products[j]);
                sum += products[j];
            }
            out.setAtIndex(ValueLayout.JAVA_FLOAT, ((long) b * q.heads() + head) * q.rows() + i,
                    largest - sum / Math.max(1, length));
        }
    }

    private static void products(MemorySegment keys, long at, long step, int[] samples, int from, int count,
            float[] query, int width, float[] products) {
        int whole = width / LANES * LANES;
        int j = 0;
        for (; j + 4 <= count; j += 4) {
            four(keys, at + samples[from + j] * step, at + samples[from + j + 1] * step,
                    at + samples[from + j + 2] * step, at + samples[from + j + 3] * step, whole, query, products, j);
        }
        for (; j < count; j++) {
            FloatVector sum = FloatVector.zero(SPECIES);
            for (int c = 0; c < whole; c += LANES) {
                sum = FloatVector.fromMemorySegment(SPECIES, keys,
                        at + samples[from + j] * step + (long) c * Float.BYTES, ORDER)
                        .fma(FloatVector.fromArray(SPECIES, query, c), sum);
            }
            products[j] = RowReduction.sumOfLanes(sum);
        }
        for (j = 0; whole < width && j < count; j++) {
            for (int c = whole; c < width; c++) {
                products[j] = Math.fma(keys.get(ValueLayout.JAVA_FLOAT,
                        at + samples[from + j] * step + (long) c * Float.BYTES), query[c], products[j]);
            }
        }
    }

    private static void four(MemorySegment keys, long k0, long k1, long k2, long k3, int whole, float[] query,
            float[] products, int at) {
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int c = 0; c < whole; c += LANES) {
            long by = (long) c * Float.BYTES;
            FloatVector x = FloatVector.fromArray(SPECIES, query, c);
            s0 = FloatVector.fromMemorySegment(SPECIES, keys, k0 + by, ORDER).fma(x, s0);
            s1 = FloatVector.fromMemorySegment(SPECIES, keys, k1 + by, ORDER).fma(x, s1);
            s2 = FloatVector.fromMemorySegment(SPECIES, keys, k2 + by, ORDER).fma(x, s2);
            s3 = FloatVector.fromMemorySegment(SPECIES, keys, k3 + by, ORDER).fma(x, s3);
        }
        LaneSums.ofFour(s0, s1, s2, s3).intoArray(products, at);
    }
}
