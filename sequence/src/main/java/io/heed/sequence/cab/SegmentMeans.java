package io.heed.sequence.cab;

import java.util.Optional;

import org.bytedeco.pytorch.Tensor;

import io.heed.nn.Padding;
import io.heed.tensor.Ops;

/** Matrices that average the tokens of a few segments of a sequence, by which landmarks are made. */
final class SegmentMeans {
    private SegmentMeans() { }

    /**
     * The means over the real tokens. Of r real tokens the first (s + 1) C - r segments have s = r / C, the others s +
     * 1; with fewer tokens than segments the first are empty, rows of zeros.
     *
     * @param segments C
     * @param length   n
     * @return (B, 1, C, n), or (1, 1, C, n) without padding
     */
    static Tensor of(int segments, int length, Optional<Padding> padding) {
        if (padding.isEmpty()) {
            return row(segments, null, 0, length).unsqueeze(0).unsqueeze(0);
        }
        boolean[] padded = Ops.booleans(padding.get().mask());
        Tensor[] rows = new Tensor[padded.length / length];
        for (int b = 0; b < rows.length; b++) {
            rows[b] = row(segments, padded, b * length, length);
        }
        return Ops.stack(0, rows).unsqueeze(1);
    }

    private static Tensor row(int segments, boolean[] padded, int from, int length) {
        int real = 0;
        for (int i = 0; i < length; i++) {
            real += padded == null || !padded[from + i] ? 1 : 0;
        }
        int size = real / segments;
        int shorter = (size + 1) * segments - real;
        float[] weights = new float[segments * length];
        for (int i = 0, rank = 0; i < length; i++) {
            if (padded == null || !padded[from + i]) {
                boolean isShort = rank < shorter * size;
                int segment = isShort ? rank / size : shorter + (rank - shorter * size) / (size + 1);
                weights[segment * length + i] = 1f / (isShort ? size : size + 1);
                rank++;
            }
        }
        return Ops.of(weights, segments, length);
    }
}
